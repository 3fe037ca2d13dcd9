// The four commands over a policy, the same for whatever has one.
import { readFileSync, statSync } from "node:fs";
import {
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

export type PolicyInvocation = AdministrationInvocation<"location" | "repository" | "member" | "role">;

/** What a command was pointed at, and how its answer names it. */
export type Governed = { resource: PolicyResource; name: string };

const policyFileBytesMax = 1024 * 1024;

/** @param governedBy reads from the arguments what the policy belongs to; a policy file is the last of them */
export function policyCommands(governedBy: (invocation: PolicyInvocation) => Governed) {
  async function change(invocation: PolicyInvocation, edit: typeof withBinding): Promise<number> {
    const governed = governedBy(invocation);
    const member = required(invocation.values, "member", "serviceAccount:EMAIL");
    const role = required(invocation.values, "role", "roles/storage.objectViewer");
    const editOnce = (policy: Policy) => edit(policy, { member, role });
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
  const rows = (policy.bindings ?? []).flatMap(({ role, members = [] }) => members.map((member) => [role, member]));
  show(invocation, policy, { headings: ["ROLE", "MEMBER"], rows });
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
