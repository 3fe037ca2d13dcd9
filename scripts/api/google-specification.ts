/** Where each route of the administration API is described: Google's reference, or a page of ours. */

const iam = "https://cloud.google.com/iam/docs/reference";
const resourceManager = "https://cloud.google.com/resource-manager/reference/rest/v1";
const artifactRegistry = "https://cloud.google.com/artifact-registry/docs/reference/rest/v1";

/** The first that matches a pattern counts. */
const families: readonly (readonly [RegExp, string])[] = [
  [
    /:bindWorkloads$|\/logins|\/credentialUses$|^\/v1\/users|:import$|\/import$|\/quota$|:cleanUp$|:testPolicyReplay$|\/logSegments$/,
    "Waybill's own",
  ],
  [
    /\/rules$/,
    "Waybill's own, in the words of [repositories](https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories#Repository)",
  ],
  [/\/prefixes\//, "Waybill's own, like that of a repository"],
  [/\/logEntries$/, "[audit.md](audit.md)"],
  [
    /:troubleshoot$/,
    "[Policy Troubleshooter](https://cloud.google.com/policy-intelligence/docs/reference/policytroubleshooter/rest/v1/iam/troubleshoot)",
  ],
  [
    /:(?:generateAccessToken|generateIdToken|signJwt|signBlob)$/,
    `[IAM Credentials](${iam}/credentials/rest/v1/projects.serviceAccounts)`,
  ],
  [/OrgPolic/, `[Resource Manager: policies](${resourceManager}/projects/setOrgPolicy)`],
  [/\/serviceAccounts\/\{account\}\/keys/, `[IAM: keys](${iam}/rest/v1/projects.serviceAccounts.keys)`],
  [/\/serviceAccounts/, `[IAM: service accounts](${iam}/rest/v1/projects.serviceAccounts)`],
  [/\{pool\}\/providers/, `[IAM: providers](${iam}/rest/v1/projects.locations.workloadIdentityPools.providers)`],
  [/workloadIdentityPools/, `[IAM: pools](${iam}/rest/v1/projects.locations.workloadIdentityPools)`],
  [/^\/v2\/policies/, `[IAM v2: deny policies](${iam}/rest/v2/policies)`],
  [/^\/v1\/projects\/\{project\}\/roles/, `[IAM: roles of a project](${iam}/rest/v1/projects.roles)`],
  [/^\/v1\/roles|^\/v1\/permissions/, `[IAM: roles](${iam}/rest/v1/roles)`],
  [/^\/v1\/groups/, "[Cloud Identity: groups](https://cloud.google.com/identity/docs/reference/rest/v1/groups)"],
  [/\/services\//, "[Service Usage](https://cloud.google.com/service-usage/docs/reference/rest/v1/services/enable)"],
  [
    /\/occurrences$/,
    "[Container Analysis](https://cloud.google.com/container-analysis/docs/reference/rest/v1/projects.occurrences/list)",
  ],
  [/\/projectSettings$/, `[Artifact Registry: settings](${artifactRegistry}/projects/getProjectSettings)`],
  [/\/locations/, `[Artifact Registry](${artifactRegistry}/projects.locations.repositories)`],
  [/^\/v1\/organizations/, `[Resource Manager: organizations](${resourceManager}/organizations)`],
  [/^\/v1\/(?:projects|operations)/, `[Resource Manager: projects](${resourceManager}/projects)`],
];

/** A Markdown text. Throws for a route that no family has. */
export function specificationOf(pattern: string): string {
  const found = families.find(([expression]) => expression.test(pattern));
  if (!found) throw new Error(`${pattern}: scripts/api/google-specification.ts has no section for it`);
  return found[1];
}
