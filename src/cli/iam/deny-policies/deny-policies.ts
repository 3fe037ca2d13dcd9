import { apiPath, Refused } from "../../../client/administration.ts";
import { type AdministrationInvocation, confirmLoss, openAdministration, show } from "../../administration.ts";
import { readPolicyFile } from "../../policy.ts";

type Rule = { denyRule?: Record<string, string[]> };
type DenyPolicy = { name: string; displayName?: string; etag?: string; rules?: Rule[]; updateTime?: string };
type DenyInvocation = AdministrationInvocation<"project">;

/** `waybill iam deny-policies list` */
export async function list(invocation: DenyInvocation): Promise<number> {
  const policies = await openAdministration(invocation).list<DenyPolicy>(collectionOf(invocation), "policies");
  const rows = policies.map(({ name, updateTime }) => [name.slice(name.lastIndexOf("/") + 1), updateTime]);
  show(invocation, policies, { headings: ["NAME", "UPDATED"], rows });
  return 0;
}

/** `waybill iam deny-policies describe` */
export async function describe(invocation: DenyInvocation): Promise<number> {
  const policy = await openAdministration(invocation).call<DenyPolicy>("GET", pathOf(invocation));
  const rows = (policy.rules ?? []).map(({ denyRule = {} }) => [
    denyRule.deniedPermissions?.join(", "),
    denyRule.deniedPrincipals?.join(", "),
    denyRule.exceptionPrincipals?.join(", "),
  ]);
  show(invocation, policy, { headings: ["DENIED", "TO", "BUT_NOT_TO"], rows });
  return 0;
}

/** `waybill iam deny-policies set` */
export async function set(invocation: DenyInvocation): Promise<number> {
  const [name = "", file = ""] = invocation.positionals;
  const policy = readPolicyFile(file);
  const administration = openAdministration(invocation);
  try {
    const path = `${collectionOf(invocation)}?policyId=${encodeURIComponent(name)}`;
    await administration.call("POST", path, policy);
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== "ALREADY_EXISTS") throw error;
    await administration.call("PUT", pathOf(invocation), policy);
  }
  invocation.context.stderr(`Set deny policy [${name}].\n`);
  return 0;
}

/** `waybill iam deny-policies delete` */
export async function remove(invocation: DenyInvocation): Promise<number> {
  const [name] = invocation.positionals;
  await confirmLoss(invocation, `Deny policy [${name}] will be deleted. Continue?`);
  await openAdministration(invocation).call("DELETE", pathOf(invocation));
  invocation.context.stderr(`Deleted deny policy [${name}].\n`);
  return 0;
}

function collectionOf({ values }: DenyInvocation): string {
  const place = values.project === undefined ? "organizations/1" : `projects/${values.project}`;
  return apiPath`/v2/policies/${`cloudresourcemanager.googleapis.com/${place}`}/denypolicies`;
}

function pathOf(invocation: DenyInvocation): string {
  return collectionOf(invocation) + apiPath`/${invocation.positionals[0] ?? ""}`;
}
