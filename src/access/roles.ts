import { matching, type Permission } from "./permissions.ts";

/** A named set of permissions, under Google's names. */
export interface Role {
  readonly name: string;
  readonly title: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Granted on a location or a repository only: its Google counterpart belongs to a bucket. */
  readonly belowProject: boolean;
}

const readImages = [
  "artifactregistry.repositories.downloadArtifacts",
  "*.repositories.list",
  "*.repositories.get",
  "*.tags.list",
];
const writeImages = [...readImages, "*.uploadArtifacts", "*.tags.create", "*.tags.update"];
const manageImages = [...writeImages, "*.deleteArtifacts", "*.tags.delete"];
const administerImages = ["artifactregistry.*"];
const view = [
  ...readImages,
  "resourcemanager.projects.get*",
  "*.repositories.getIamPolicy",
  "artifactregistry.projectsettings.get",
  "iam.serviceAccounts.get",
  "iam.serviceAccounts.list",
  "iam.serviceAccounts.getIamPolicy",
  "iam.serviceAccountKeys.get",
  "iam.serviceAccountKeys.list",
  "iam.workloadIdentityPool*.get",
  "iam.workloadIdentityPool*.list",
  "iam.roles.get",
  "iam.roles.list",
  "iam.denypolicies.get",
  "iam.denypolicies.list",
  "orgpolicy.policy.get",
  "resourcemanager.organizations.getIamPolicy",
  "cloudidentity.groups.get",
  "cloudidentity.groups.list",
];
/** Without keys and tokens of accounts: those would let an editor become whoever the accounts are. */
const edit = [
  ...view,
  ...manageImages,
  "iam.serviceAccounts.create",
  "iam.serviceAccounts.update",
  "iam.serviceAccounts.*able",
  "iam.serviceAccounts.delete",
];

/** Every predefined role. */
export const roles: ReadonlyMap<string, Role> = new Map(
  [
    role("roles/viewer", "Viewer", view),
    role("roles/editor", "Editor", edit),
    role("roles/owner", "Owner", ["*"]),
    role("roles/storage.objectViewer", "Storage Object Viewer", readImages),
    role("roles/storage.objectAdmin", "Storage Object Admin", manageImages),
    role("roles/storage.admin", "Storage Admin", administerImages),
    role("roles/storage.legacyBucketReader", "Storage Legacy Bucket Reader", readImages, true),
    role("roles/storage.legacyBucketWriter", "Storage Legacy Bucket Writer", manageImages, true),
    role("roles/artifactregistry.reader", "Artifact Registry Reader", readImages),
    role("roles/artifactregistry.writer", "Artifact Registry Writer", writeImages),
    role("roles/artifactregistry.repoAdmin", "Artifact Registry Repository Administrator", manageImages),
    role("roles/artifactregistry.admin", "Artifact Registry Administrator", administerImages),
    role("roles/iam.serviceAccountTokenCreator", "Service Account Token Creator", [
      "iam.serviceAccounts.getAccessToken",
      "iam.serviceAccounts.getOpenIdToken",
      "iam.serviceAccounts.signJwt",
      "iam.serviceAccounts.implicitDelegation",
    ]),
    role("roles/iam.workloadIdentityUser", "Workload Identity User", [
      "iam.serviceAccounts.getAccessToken",
      "iam.serviceAccounts.getOpenIdToken",
      "iam.serviceAccounts.get",
      "iam.serviceAccounts.list",
    ]),
    role("roles/iam.serviceAccountKeyAdmin", "Service Account Key Admin", [
      "iam.serviceAccountKeys.*",
      "iam.serviceAccounts.get",
      "iam.serviceAccounts.list",
      "resourcemanager.projects.get",
    ]),
    role("roles/iam.serviceAccountAdmin", "Service Account Admin", [
      "iam.serviceAccounts.create",
      "iam.serviceAccounts.get",
      "iam.serviceAccounts.list",
      "iam.serviceAccounts.update",
      "iam.serviceAccounts.*able",
      "iam.serviceAccounts.delete",
      "iam.serviceAccounts.*IamPolicy",
      "resourcemanager.projects.get",
    ]),
    role("roles/iam.workloadIdentityPoolAdmin", "IAM Workload Identity Pool Admin", [
      "iam.workloadIdentityPool*",
      "resourcemanager.projects.get",
    ]),
    role("roles/iam.workloadIdentityPoolViewer", "IAM Workload Identity Pool Viewer", [
      "iam.workloadIdentityPool*.get",
      "iam.workloadIdentityPool*.list",
      "resourcemanager.projects.get",
    ]),
    role("roles/logging.viewer", "Logs Viewer", ["logging.logEntries.list", "resourcemanager.projects.get"]),
    role("roles/iam.roleAdmin", "Role Administrator", ["iam.roles.*", "resourcemanager.projects.get"]),
    role("roles/iam.denyAdmin", "Deny Admin", ["iam.denypolicies.*"]),
    role("roles/iam.denyReviewer", "Deny Reviewer", ["iam.denypolicies.get", "iam.denypolicies.list"]),
    role("roles/orgpolicy.policyAdmin", "Organization Policy Administrator", ["orgpolicy.policy.*"]),
    role("roles/orgpolicy.policyViewer", "Organization Policy Viewer", ["orgpolicy.policy.get"]),
    role("roles/cloudidentity.groupsAdmin", "Group Administrator", ["cloudidentity.groups.*"]),
    role("roles/resourcemanager.projectIamAdmin", "Project IAM Admin", [
      "resourcemanager.projects.get",
      "resourcemanager.projects.*IamPolicy",
    ]),
  ].map((each) => [each.name, each]),
);

/** `projects/PROJECT-ID/roles/NAME`: a role that a project made for itself. */
export function isCustomRole(name: string): boolean {
  return name.startsWith("projects/");
}

function role(name: string, title: string, patterns: readonly string[], belowProject = false): Role {
  return { name, title, permissions: new Set(matching(...patterns)), belowProject };
}
