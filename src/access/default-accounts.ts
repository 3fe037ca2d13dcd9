import { principalKey } from "../identity/principal.ts";
import type { ServiceAccounts } from "../identity/service-accounts.ts";
import type { ProjectRow } from "../storage/metadata/projects.ts";
import type { MemberKey, Writer } from "../storage/metadata/schema.ts";
import type { ServiceAccountRow } from "../storage/metadata/service-accounts.ts";
import type { Policies } from "./policies.ts";

/** The accounts that Google makes of itself in every project, for those who rely on them. */
const defaults = [
  { name: "registry", displayName: "Default registry account" },
  { name: "instance", displayName: "Default instance account" },
] as const;
const role = "roles/editor";

/**
 * Makes the accounts that a new project can start with, each an editor of that project, in the transaction that makes
 * the project. What a machine may do with the instance account is up to the scopes that the machine was given
 * (`waybill metadata-server`): devstorage.read_only unless its operator widens them.
 */
export async function makeDefaultAccounts(
  write: Writer,
  { serviceAccounts, policies }: { readonly serviceAccounts: ServiceAccounts; readonly policies: Policies },
  project: ProjectRow,
): Promise<ServiceAccountRow[]> {
  const made: ServiceAccountRow[] = [];
  for (const { name, displayName } of defaults) {
    const account = await serviceAccounts.createIn(write, project, name, { displayName });
    const member = principalKey({ kind: "serviceAccount", ...account }) as MemberKey;
    await policies.grant(write, `project/${project.id}`, { member, role, condition: "" });
    made.push(account);
  }
  return made;
}
