import { readFileSync, statSync } from "node:fs";
import {
  changePolicy,
  getPolicy,
  type Policy,
  type PolicyResource,
  setPolicy,
  withBinding,
  withoutBinding,
} from "../../client/policy.ts";
import { Failure, messageOf } from "../../sources/failure.ts";
import { type AdministrationInvocation, openAdministration, required, show } from "../administration.ts";
import { UsageError } from "../command.ts";

type PolicyInvocation = AdministrationInvocation<"location" | "repository">;
type BindingInvocation = AdministrationInvocation<"location" | "repository" | "member" | "role">;

const policyFileBytesMax = 1024 * 1024;

/** `waybill projects get-iam-policy` */
export async function get(invocation: PolicyInvocation): Promise<number> {
  const policy = await getPolicy(openAdministration(invocation), resourceOf(invocation));
  showPolicy(invocation, policy);
  return 0;
}

/** `waybill projects set-iam-policy` */
export async function set(invocation: PolicyInvocation): Promise<number> {
  const resource = resourceOf(invocation);
  const policy = readPolicyFile(invocation.positionals[1] ?? "");
  return updated(invocation, resource, await setPolicy(openAdministration(invocation), resource, policy));
}

/** `waybill projects add-iam-policy-binding` */
export async function addBinding(invocation: BindingInvocation): Promise<number> {
  return await change(invocation, withBinding);
}

/** `waybill projects remove-iam-policy-binding` */
export async function removeBinding(invocation: BindingInvocation): Promise<number> {
  return await change(invocation, withoutBinding);
}

async function change(invocation: BindingInvocation, edit: typeof withBinding): Promise<number> {
  const resource = resourceOf(invocation);
  const member = required(invocation.values, "member", "serviceAccount:EMAIL");
  const role = required(invocation.values, "role", "roles/storage.objectViewer");
  const administration = openAdministration(invocation);
  return updated(
    invocation,
    resource,
    await changePolicy(administration, resource, (policy) => edit(policy, { member, role })),
  );
}

function resourceOf({ values, positionals }: PolicyInvocation): PolicyResource {
  const [project = ""] = positionals;
  if (values.repository !== undefined && values.location === undefined) {
    throw new UsageError("--repository needs --location", "an image of the same name may lie at several locations");
  }
  return { project, location: values.location, repository: values.repository };
}

function updated(
  invocation: PolicyInvocation,
  { project, location, repository }: PolicyResource,
  policy: Policy,
): number {
  const below = [location && ` at [${location}]`, repository && ` for [${repository}]`].filter(Boolean).join("");
  invocation.context.stderr(`Updated IAM policy for project [${project}]${below}.\n`);
  showPolicy(invocation, policy);
  return 0;
}

function showPolicy(invocation: PolicyInvocation, policy: Policy): void {
  const rows = (policy.bindings ?? []).flatMap(({ role, members = [] }) => members.map((member) => [role, member]));
  show(invocation, policy, { headings: ["ROLE", "MEMBER"], rows });
}

/** JSON or YAML, as get-iam-policy and gcloud write it. */
function readPolicyFile(path: string): Policy {
  try {
    if (statSync(path).size > policyFileBytesMax) throw new Error(`it has more than ${policyFileBytesMax} bytes`);
    const policy: unknown = Bun.YAML.parse(readFileSync(path, "utf8"));
    if (typeof policy !== "object" || policy === null || Array.isArray(policy)) throw new Error("it holds no policy");
    return policy;
  } catch (error) {
    throw new Failure(
      `${path} cannot be read: ${messageOf(error)}`,
      "write one: waybill projects get-iam-policy PROJECT --format=json",
    );
  }
}
