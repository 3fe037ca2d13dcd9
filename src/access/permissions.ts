/** What may be done, under Google's names. Every verb has its own: who may push may not therefore delete. */
export type Permission = (typeof permissions)[number];

export const permissions = [
  "artifactregistry.repositories.downloadArtifacts",
  "artifactregistry.repositories.uploadArtifacts",
  "artifactregistry.repositories.deleteArtifacts",
  "artifactregistry.repositories.list",
  "artifactregistry.repositories.get",
  "artifactregistry.repositories.update",
  "artifactregistry.repositories.getIamPolicy",
  "artifactregistry.repositories.setIamPolicy",
  "artifactregistry.tags.list",
  "artifactregistry.tags.create",
  "artifactregistry.tags.update",
  "artifactregistry.tags.delete",
  "artifactregistry.projectsettings.get",
  "artifactregistry.projectsettings.update",
  "resourcemanager.projects.create",
  "resourcemanager.projects.get",
  "resourcemanager.projects.delete",
  "resourcemanager.projects.getIamPolicy",
  "resourcemanager.projects.setIamPolicy",
  "iam.serviceAccounts.create",
  "iam.serviceAccounts.get",
  "iam.serviceAccounts.list",
  "iam.serviceAccounts.update",
  "iam.serviceAccounts.disable",
  "iam.serviceAccounts.enable",
  "iam.serviceAccounts.delete",
  "iam.serviceAccounts.getIamPolicy",
  "iam.serviceAccounts.setIamPolicy",
  "iam.serviceAccounts.getAccessToken",
  "iam.serviceAccounts.getOpenIdToken",
  "iam.serviceAccounts.signJwt",
  "iam.serviceAccounts.implicitDelegation",
  "iam.serviceAccountKeys.create",
  "iam.serviceAccountKeys.get",
  "iam.serviceAccountKeys.list",
  "iam.serviceAccountKeys.disable",
  "iam.serviceAccountKeys.enable",
  "iam.serviceAccountKeys.delete",
  ...(["workloadIdentityPools", "workloadIdentityPoolProviders"] as const).flatMap((kind) =>
    (["create", "get", "list", "update", "delete", "undelete"] as const).map((verb) => `iam.${kind}.${verb}` as const),
  ),
  "logging.logEntries.list",
  "iam.roles.create",
  "iam.roles.get",
  "iam.roles.list",
  "iam.roles.update",
  "iam.roles.delete",
  "iam.roles.undelete",
  "iam.denypolicies.create",
  "iam.denypolicies.get",
  "iam.denypolicies.list",
  "iam.denypolicies.update",
  "iam.denypolicies.delete",
  "orgpolicy.policy.get",
  "orgpolicy.policy.set",
  "resourcemanager.organizations.getIamPolicy",
  "resourcemanager.organizations.setIamPolicy",
  "cloudidentity.groups.create",
  "cloudidentity.groups.get",
  "cloudidentity.groups.list",
  "cloudidentity.groups.update",
  "cloudidentity.groups.delete",
  "iam.users.list",
  "iam.users.get",
  "iam.users.invite",
  "iam.users.update",
  "iam.users.delete",
  "serviceusage.quotas.update",
] as const;

/** Asked on the whole server only: no policy of a project gives them. */
export const installationOnly: ReadonlySet<string> = new Set([
  "resourcemanager.projects.create",
  "resourcemanager.organizations.getIamPolicy",
  "resourcemanager.organizations.setIamPolicy",
  "iam.denypolicies.create",
  "iam.denypolicies.update",
  "iam.denypolicies.delete",
  "orgpolicy.policy.set",
  "cloudidentity.groups.create",
  "cloudidentity.groups.get",
  "cloudidentity.groups.list",
  "cloudidentity.groups.update",
  "cloudidentity.groups.delete",
  "serviceusage.quotas.update",
]);

export const pull: Permission = "artifactregistry.repositories.downloadArtifacts";
export const push: Permission = "artifactregistry.repositories.uploadArtifacts";
export const deleteArtifacts: Permission = "artifactregistry.repositories.deleteArtifacts";

/** Every permission whose name one of the patterns matches; `*` stands for any letters. */
export function matching(...patterns: string[]): Permission[] {
  const expressions = patterns.map(
    (pattern) => new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`),
  );
  return permissions.filter((permission) => expressions.some((expression) => expression.test(permission)));
}
