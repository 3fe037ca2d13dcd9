import { installationOnly, type Permission } from "./permissions.ts";
import { type Role, roles } from "./roles.ts";

/** What a policy hangs on, in the words of the commands that change it. */
export type PolicyPlace =
  | { readonly kind: "server" }
  | { readonly kind: "project"; readonly project: string }
  | { readonly kind: "location"; readonly project: string; readonly location: string }
  | { readonly kind: "prefix"; readonly project: string; readonly location: string; readonly prefix: string }
  | { readonly kind: "repository"; readonly project: string; readonly location: string; readonly image: string }
  | { readonly kind: "serviceAccount"; readonly email: string };

/** The least that would let somebody: a role, and the command that grants it. */
export interface Advice {
  readonly role: string;
  readonly command: string;
}

/** Undefined where no policy of the place could give it: what is asked on the whole server is its owners' to give. */
export function adviseGrant(permission: Permission, place: PolicyPlace, member: string): Advice | undefined {
  if (place.kind === "server" || installationOnly.has(permission)) return undefined;
  const role = smallestRole(permission, place.kind === "project");
  if (!role) return undefined;
  const grant = `--member=${quoted(member)} --role=${role.name}`;
  return { role: role.name, command: `waybill ${commandOf(place)} ${grant}` };
}

/** Artifact Registry's own before older names for the same. */
function smallestRole(permission: Permission, onProject: boolean): Role | undefined {
  const fit = [...roles.values()].filter(
    ({ permissions, belowProject }) => permissions.has(permission) && !(belowProject && onProject),
  );
  const rank = ({ name, permissions }: Role) => permissions.size * 2 + (name.startsWith("roles/storage.") ? 1 : 0);
  return fit.toSorted((one, other) => rank(one) - rank(other))[0];
}

function commandOf(place: Exclude<PolicyPlace, { kind: "server" }>): string {
  switch (place.kind) {
    case "serviceAccount":
      return `iam service-accounts add-iam-policy-binding ${place.email}`;
    case "project":
      return `projects add-iam-policy-binding ${place.project}`;
    case "location":
      return `projects add-iam-policy-binding ${place.project} --location=${place.location}`;
    case "prefix":
      return `projects add-iam-policy-binding ${place.project} --location=${place.location} --prefix=${place.prefix}`;
    case "repository":
      return `projects add-iam-policy-binding ${place.project} --location=${place.location} --repository=${place.image}`;
  }
}

/** For a shell: names are somebody else's text. */
function quoted(text: string): string {
  return /^[a-zA-Z0-9@:._+/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
