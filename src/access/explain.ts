import { type Principal, principalName } from "../identity/principal.ts";
import { scope } from "../identity/scopes.ts";
import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { findProjectById } from "../storage/metadata/projects.ts";
import type { Reader, ResourceKey } from "../storage/metadata/schema.ts";
import { findServiceAccountName } from "../storage/metadata/service-accounts.ts";
import { type Advice, adviseGrant, type PolicyPlace } from "./advice.ts";
import type { ConditionText } from "./conditions.ts";
import { type Access, evaluate } from "./decide.ts";
import { parseDenyRole } from "./deny-rule.ts";
import { type Bearing, bearingOf, denialIn, isGuard, preventsPublic } from "./grounds.ts";
import { formatMember } from "./member.ts";
import type { Permission } from "./permissions.ts";
import { presentBindings } from "./policy-text.ts";
import type { Resource } from "./resource.ts";

/** A binding that names somebody, and what comes of it. */
export interface ExplainedBinding {
  /** `project shop` */
  readonly on: string;
  readonly role: string;
  /** Whom the binding names: the principal, or a group, a domain or everybody that it belongs to. */
  readonly member: string;
  readonly condition?: ConditionText | undefined;
  readonly bearing: Bearing;
}

/** Why somebody may do something or not, as today's policies have it. */
export interface Explanation {
  readonly allowed: boolean;
  /** In one sentence. */
  readonly summary: string;
  /** Every binding that names the principal and that the reader may know of. The one that grants comes first. */
  readonly bindings: readonly ExplainedBinding[];
  /** `deny policy no-deletes on project shop` */
  readonly deniedBy?: string | undefined;
  /** Bindings that count, on what the reader may not read the policy of. */
  readonly hidden: number;
  /** What would let them; where something is missing, and nothing forbids it. */
  readonly advice?: Advice | undefined;
}

/** What is to be explained. */
export interface Question {
  readonly principal: Principal;
  readonly permission: Permission;
  readonly resource: Resource;
  readonly place: PolicyPlace;
  /** Which policies the reader may read: bindings of others are not told. */
  readonly mayRead: (resource: ResourceKey) => Promise<boolean>;
}

const nobody = { scopes: new Set<string>(), keyId: undefined, access: undefined, expiresAt: Number.POSITIVE_INFINITY };

/** The decision again, with its reasons. What a token's scopes leave of it is the token's own matter, and not asked here. */
export async function explain(access: Access, metadata: Metadata, question: Question): Promise<Explanation> {
  const { principal, permission, resource, place } = question;
  const { bindings, grounds } = await access.consider({ principal, ...nobody }, resource);
  const prevented = preventsPublic(bindings);
  const denial = denialIn(bindings, permission, grounds);
  const decision = evaluate({ principal, ...nobody, scopes: everyScope }, permission, resource, bindings, grounds);
  const shown: ExplainedBinding[] = [];
  let hidden = 0;
  for (const binding of bindings.filter((each) => !isGuard(each))) {
    const bearing = bearingOf(binding, permission, resource, grounds, prevented);
    if (await question.mayRead(binding.resource)) shown.push(await present(metadata.read, binding, bearing));
    else if (bearing === "granted") hidden++;
  }
  shown.sort((one, other) => order.indexOf(one.bearing) - order.indexOf(other.bearing));
  const mayKnow = denial && (await question.mayRead(guarded(denial.resource)));
  const deniedBy = denial && mayKnow ? await nameDenial(metadata.read, denial) : undefined;
  const mayAdvise = !decision.allowed && !denial && (await question.mayRead(ownKey(resource)));
  const advice = mayAdvise ? adviseGrant(permission, place, principalName(principal)) : undefined;
  const text = summarize(question, decision.allowed, { shown, hidden, deniedBy, denied: denial !== undefined });
  const inactive = await isInactive(metadata, principal);
  return {
    allowed: decision.allowed && !inactive,
    summary: inactive
      ? `${principalName(principal)} is disabled or deleted: nothing it shows is believed. ${text}`
      : text,
    bindings: shown,
    hidden,
    ...(deniedBy !== undefined && { deniedBy }),
    ...(advice && { advice }),
  };
}

const everyScope = new Set([scope.cloudPlatform]);
const order: readonly Bearing[] = [
  "granted",
  "condition",
  "public access prevented",
  "role not in force",
  "other permissions",
];

/** Policies still name one who is disabled; the door does not let them in. */
async function isInactive({ hot }: Metadata, { kind, ...rest }: Principal): Promise<boolean> {
  const id = "id" in rest ? rest.id : "";
  if (kind === "serviceAccount") return (await hot.accountState(id))?.live !== 1;
  // Whom a policy may name before they first sign in has no state yet.
  if (kind === "user" && id !== "") return (await hot.userState(id))?.live !== 1;
  return false;
}

function summarize(
  { principal, permission, resource }: Question,
  allowed: boolean,
  found: { shown: readonly ExplainedBinding[]; hidden: number; deniedBy: string | undefined; denied: boolean },
): string {
  const who = principalName(principal);
  const what = `"${permission}" on ${resource.name}`;
  const [first] = found.shown;
  if (allowed) {
    const by = first?.bearing === "granted" ? bindingText(first) : "by a policy that you may not read";
    return `${who} has ${what}: ${by}.`;
  }
  if (found.denied) return `${who} is denied ${what}: ${found.deniedBy ?? "a deny policy that you may not read"}.`;
  const why = first && failureTexts[first.bearing];
  const missing = `${who} does not have ${what} (or it may not exist): `;
  if (!first || !why) return `${missing}no binding gives it.`;
  return `${missing}${bindingText(first)}, but ${why}${first.condition ? ` (${first.condition.expression})` : ""}.`;
}

const failureTexts: Readonly<Partial<Record<Bearing, string>>> = {
  condition: "its condition does not hold",
  "public access prevented": "the constraint storage.publicAccessPrevention takes everybody's grants away",
  "role not in force": "that role is deleted, disabled or unknown",
  "other permissions": "that role does not contain it",
};

function bindingText({ role, member, on }: ExplainedBinding): string {
  return `${role} is granted to ${member} on ${on}`;
}

async function present(read: Reader, binding: BindingRow, bearing: Bearing): Promise<ExplainedBinding> {
  const [shown] = await presentBindings(read, [binding]);
  if (!shown) throw new Error("a binding was lost");
  const { role, condition } = shown;
  const member = await formatMember(read, binding.member);
  return { on: await nameKey(read, binding.resource), role, member, ...(condition && { condition }), bearing };
}

/** A resource for people, by its key. */
async function nameKey(read: Reader, key: ResourceKey): Promise<string> {
  const [kind = "", id = "", location = "", ...rest] = key.split("/");
  const project = async () => (await findProjectById(read, id))?.name ?? id;
  switch (kind) {
    case "project":
      return `project ${await project()}`;
    case "location":
      return `location ${location} of project ${await project()}`;
    case "prefix":
      return `the repositories below ${rest.join("/")}/ at ${location} of project ${await project()}`;
    case "serviceAccount":
      return `service account ${(await findServiceAccountName(read, id))?.email ?? id}`;
    case "repository":
      return "this repository";
    default:
      return "the whole server";
  }
}

async function nameDenial(read: Reader, { resource, role }: BindingRow): Promise<string> {
  return `the deny policy ${parseDenyRole(role)?.policy} on ${await nameKey(read, guarded(resource))}`;
}

function guarded(guard: ResourceKey): ResourceKey {
  return guard.slice("guard/".length) as ResourceKey;
}

/** The narrowest policy that counts for a resource. */
function ownKey({ keys }: Resource): ResourceKey {
  return keys[0] ?? "installation";
}
