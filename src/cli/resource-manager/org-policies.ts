import { apiPath } from "../../client/administration.ts";
import { type AdministrationInvocation, openAdministration, show, showIfAsked } from "../administration.ts";
import type { Invocation } from "../command.ts";

type OrgPolicy = {
  constraint: string;
  booleanPolicy?: { enforced?: boolean };
  listPolicy?: { allowedValues?: string[] };
};
type Constraint = { name: string; displayName?: string };
type PolicyInvocation = AdministrationInvocation<"project">;

/** `waybill resource-manager org-policies list` */
export async function list(invocation: PolicyInvocation): Promise<number> {
  const administration = openAdministration(invocation);
  const place = placeOf(invocation);
  const known = await administration.call<{ constraints: Constraint[] }>(
    "POST",
    `${place}:listAvailableOrgPolicyConstraints`,
    {},
  );
  const { policies = [] } = await administration.call<{ policies?: OrgPolicy[] }>(
    "POST",
    `${place}:listOrgPolicies`,
    {},
  );
  const rows = known.constraints.map(({ name, displayName }) => {
    const policy = policies.find(({ constraint }) => constraint === name);
    return [shortOf(name), policy ? settingOf(policy) : "-", displayName];
  });
  show(invocation, policies, { headings: ["CONSTRAINT", "SET_TO", "MEANING"], rows });
  return 0;
}

/** `waybill resource-manager org-policies describe` */
export async function describe(invocation: PolicyInvocation & Invocation<never, "effective">): Promise<number> {
  const verb = invocation.values.effective ? "getEffectiveOrgPolicy" : "getOrgPolicy";
  const [constraint = ""] = invocation.positionals;
  const path = `${placeOf(invocation)}:${verb}`;
  const policy = await openAdministration(invocation).call<OrgPolicy>("POST", path, { constraint });
  show(invocation, policy, table(policy));
  return 0;
}

/** `waybill resource-manager org-policies set` */
export async function set(invocation: PolicyInvocation): Promise<number> {
  const [constraint = "", value = ""] = invocation.positionals;
  const isSwitch = value === "true" || value === "false";
  const what = isSwitch
    ? { booleanPolicy: { enforced: value === "true" } }
    : { listPolicy: { allowedValues: [value] } };
  const path = `${placeOf(invocation)}:setOrgPolicy`;
  const body = { policy: { constraint, ...what } };
  const policy = await openAdministration(invocation).call<OrgPolicy>("POST", path, body);
  invocation.context.stderr(`Set [${shortOf(policy.constraint)}] to [${value}].\n`);
  showIfAsked(invocation, policy, table(policy));
  return 0;
}

/** `waybill resource-manager org-policies reset` */
export async function reset(invocation: PolicyInvocation): Promise<number> {
  const [constraint = ""] = invocation.positionals;
  await openAdministration(invocation).call("POST", `${placeOf(invocation)}:clearOrgPolicy`, { constraint });
  invocation.context.stderr(`Took [${shortOf(constraint)}] back.\n`);
  return 0;
}

function placeOf({ values }: PolicyInvocation): string {
  return values.project === undefined ? "/v1/organizations/1" : apiPath`/v1/projects/${values.project}`;
}

function shortOf(name: string): string {
  return name.replace(/^constraints\//, "");
}

function settingOf({ booleanPolicy, listPolicy }: OrgPolicy): string {
  if (booleanPolicy) return String(booleanPolicy.enforced ?? false);
  return listPolicy?.allowedValues?.join(", ") ?? "-";
}

function table(policy: OrgPolicy) {
  return { headings: ["CONSTRAINT", "SET_TO"], rows: [[shortOf(policy.constraint), settingOf(policy)]] };
}
