import type { Policies } from "./access/policies.ts";
import type { Projects } from "./access/projects.ts";
import type { KeyFile } from "./identity/key-file.ts";
import { anonymous } from "./identity/principal.ts";
import type { ServiceAccountKeys } from "./identity/service-account-keys.ts";
import type { ServiceAccounts } from "./identity/service-accounts.ts";
import type { Metadata } from "./storage/metadata/metadata.ts";
import { findProject } from "./storage/metadata/projects.ts";
import type { Writer } from "./storage/metadata/schema.ts";
import { findServiceAccount, type ServiceAccountRow } from "./storage/metadata/service-accounts.ts";
import type { UserRow } from "./storage/metadata/users.ts";

export interface OwnerServices {
  readonly metadata: Metadata;
  readonly projects: Projects;
  readonly policies: Policies;
  readonly serviceAccounts: ServiceAccounts;
  readonly serviceAccountKeys: ServiceAccountKeys;
}

/** The project that the owner's account lives in. */
const ownerProject = "waybill-admin";
const ownerName = "owner";

/**
 * A new key of the account that owns the installation; the account is made the first time.
 *
 * @param origin the server's URL, for the key's `token_uri`
 */
export async function newOwnerKey(services: OwnerServices, origin: string): Promise<KeyFile> {
  const account = await ensureOwner(services);
  const { file } = await services.serviceAccountKeys.generate(account, ownerProject, origin);
  return file;
}

/** Makes a user an owner of the installation, inside a transaction. */
export async function makeOwner(
  { policies }: Pick<OwnerServices, "policies">,
  write: Writer,
  { id }: UserRow,
): Promise<void> {
  await policies.grant(write, "installation", { member: `user:${id}`, role: "roles/owner", condition: "" });
}

function ensureOwner({ metadata, projects, policies, serviceAccounts }: OwnerServices): Promise<ServiceAccountRow> {
  return metadata.write(async (write) => {
    const project =
      (await findProject(write, ownerProject)) ??
      (await projects.createIn(write, ownerProject, "Waybill administration", anonymous));
    const account =
      (await findServiceAccount(write, serviceAccounts.emailOf(ownerName, ownerProject))) ??
      (await serviceAccounts.createIn(write, project, ownerName, { displayName: "Owner of this server" }));
    const binding = { member: `serviceAccount:${account.id}`, role: "roles/owner", condition: "" } as const;
    await policies.grant(write, "installation", binding);
    return account;
  });
}
