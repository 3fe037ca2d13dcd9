// The four commands over a policy, the same for whatever has one.
import { readFileSync, statSync } from "node:fs";
import {
  type Condition,
  changePolicy,
  getPolicy,
  type Policy,
  type PolicyResource,
  setPolicy,
  withBinding,
  withoutBinding,
} from "../client/policy.ts";
import { Failure, messageOf } from "../sources/failure.ts";
import { type AdministrationInvocation, openAdministration, required, show } from "./administration.ts";
import { UsageError } from "./command.ts";

export type PolicyInvocation = AdministrationInvocation<
  "location" | "repository" | "prefix" | "member" | "role" | "condition"
>;

/** What a command was pointed at, and how its answer names it. */
export type Governed = { resource: PolicyResource; name: string };

const policyFileBytesMax = 1024 * 1024;

/** @param governedBy reads from the arguments what the policy belongs to; a policy file is the last of them */
export function policyCommands(governedBy: (invocation: PolicyInvocation) => Governed) {
  async function change(invocation: PolicyInvocation, edit: typeof withBinding): Promise<number> {
    const governed = governedBy(invocation);
    const member = required(invocation.values, "member", "serviceAccount:EMAIL");
    const role = required(invocation.values, "role", "roles/storage.objectViewer");
    const condition = parseCondition(invocation.values.condition);
    const editOnce = (policy: Policy) => edit(policy, { member, role, condition });
    const policy = await changePolicy(openAdministration(invocation), governed.resource, editOnce);
    return updated(invocation, governed, policy);
  }

  return {
    async get(invocation: PolicyInvocation): Promise<number> {
      const { resource } = governedBy(invocation);
      showPolicy(invocation, await getPolicy(openAdministration(invocation), resource));
      return 0;
    },
    async set(invocation: PolicyInvocation): Promise<number> {
      const governed = governedBy(invocation);
      const policy = readPolicyFile(invocation.positionals.at(-1) ?? "");
      return updated(invocation, governed, await setPolicy(openAdministration(invocation), governed.resource, policy));
    },
    addBinding: (invocation: PolicyInvocation) => change(invocation, withBinding),
    removeBinding: (invocation: PolicyInvocation) => change(invocation, withoutBinding),
  };
}

function updated(invocation: PolicyInvocation, { name }: Governed, policy: Policy): number {
  invocation.context.stderr(`Updated IAM policy for ${name}.\n`);
  showPolicy(invocation, policy);
  return 0;
}

function showPolicy(invocation: PolicyInvocation, policy: Policy): void {
  const bindings = policy.bindings ?? [];
  const isConditional = bindings.some(({ condition }) => condition);
  const rows = bindings.flatMap(({ role, members = [], condition }) =>
    members.map((member) => [role, member, ...(isConditional ? [condition?.expression] : [])]),
  );
  show(invocation, policy, { headings: ["ROLE", "MEMBER", ...(isConditional ? ["CONDITION"] : [])], rows });
}

/** As gcloud writes it: `expression=…,title=…`, a comma before each name; `None` for none. Throws UsageError. */
function parseCondition(text: string | undefined): Condition | undefined {
  if (text === undefined || text === "None") return undefined;
  const parts = text.split(/,(?=(?:expression|title|description)=)/);
  const fields = new Map(parts.map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]));
  const expression = fields.get("expression");
  if (!expression || [...fields.keys()].some((name) => !/^(?:expression|title|description)$/.test(name))) {
    const example = `--condition='expression=request.time < timestamp("2030-01-01T00:00:00Z"),title=until 2030'`;
    throw new UsageError("--condition cannot be read", `like ${example}`);
  }
  const [title, description] = [fields.get("title"), fields.get("description")];
  return { expression, ...(title && { title }), ...(description && { description }) };
}

/** JSON or YAML, as get-iam-policy and gcloud write it. */
export function readPolicyFile(path: string): Policy {
  try {
    if (statSync(path).size > policyFileBytesMax) throw new Error(`it has more than ${policyFileBytesMax} bytes`);
    const policy: unknown = Bun.YAML.parse(readFileSync(path, "utf8"));
    if (typeof policy !== "object" || policy === null || Array.isArray(policy)) throw new Error("it holds no policy");
    return policy;
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${messageOf(error)}`, "write one with get-iam-policy --format=json");
  }
}
