import type { CustomRoles } from "../../access/custom-roles.ts";
import type { Access } from "../../access/decide.ts";
import type { DenyPolicies } from "../../access/deny-policies.ts";
import type { Groups } from "../../access/groups.ts";
import type { Impersonation } from "../../access/impersonation.ts";
import type { Policies } from "../../access/policies.ts";
import type { Projects } from "../../access/projects.ts";
import type { Audit } from "../../audit/audit.ts";
import type { AccountSigner } from "../../identity/account-signer.ts";
import type { Constraints } from "../../identity/constraints.ts";
import type { WorkloadIdentity } from "../../identity/federation/workload-identity.ts";
import type { Logins } from "../../identity/people/logins.ts";
import type { Users } from "../../identity/people/users.ts";
import type { ServiceAccountKeys } from "../../identity/service-account-keys.ts";
import type { ServiceAccounts } from "../../identity/service-accounts.ts";
import type { Sessions } from "../../identity/sessions.ts";
import type { Manifests } from "../../registry/manifests.ts";
import type { Cleanup } from "../../registry/rules/cleanup.ts";
import type { RuleBook } from "../../registry/rules/rule-book.ts";
import type { Caches } from "../../registry/upstream/caches.ts";
import type { ImageImports } from "../../registry/upstream/image-imports.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { ErrorLog } from "../distribution/answer-error.ts";
import type { Doorkeeper } from "../doorkeeper.ts";

/** What the administration API speaks for. */
export interface GoogleServices {
  readonly metadata: Metadata;
  readonly doorkeeper: Doorkeeper;
  readonly access: Access;
  readonly impersonation: Impersonation;
  readonly accountSigner: AccountSigner;
  readonly audit: Audit;
  readonly policies: Policies;
  readonly groups: Groups;
  readonly customRoles: CustomRoles;
  readonly denyPolicies: DenyPolicies;
  readonly constraints: Constraints;
  readonly projects: Projects;
  readonly serviceAccounts: ServiceAccounts;
  readonly serviceAccountKeys: ServiceAccountKeys;
  readonly workloadIdentity: WorkloadIdentity;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly logins: Logins;
  readonly caches: Caches;
  readonly imports: ImageImports;
  readonly manifests: Manifests;
  readonly rules: RuleBook;
  readonly cleanup: Cleanup;
  /** Nothing may be changed. */
  readonly readOnly: boolean;
  readonly now: () => number;
  /** The names of this server's storage locations. */
  readonly locations: readonly string[];
  readonly log: ErrorLog;
}
