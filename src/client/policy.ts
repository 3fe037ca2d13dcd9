import { Failure } from "../sources/failure.ts";
import { type Administration, apiPath, Refused } from "./administration.ts";

/** Who has which roles on a resource. */
export type Policy = { version?: number; etag?: string; bindings?: Binding[] };
export type Binding = { role: string; members?: string[] };

/** What a policy hangs on: a project, one of its storage locations, one repository there, or a service account. */
export type PolicyResource =
  | { project: string; location?: string | undefined; repository?: string | undefined }
  | { account: string };

/** A few people at once are served; more than that is a loop somewhere. */
const attemptsMax = 6;
const backoffMilliseconds = 50;

export async function getPolicy(administration: Administration, resource: PolicyResource): Promise<Policy> {
  return await administration.call("POST", `${policyPath(resource)}:getIamPolicy`, {});
}

export async function setPolicy(
  administration: Administration,
  resource: PolicyResource,
  policy: Policy,
): Promise<Policy> {
  return await administration.call("POST", `${policyPath(resource)}:setIamPolicy`, { policy });
}

/** Reads, changes and writes a policy; again from the start when somebody else was quicker. */
export async function changePolicy(
  administration: Administration,
  resource: PolicyResource,
  change: (policy: Policy) => Policy,
  sleep: (milliseconds: number) => Promise<unknown> = Bun.sleep,
): Promise<Policy> {
  for (let attempt = 1; ; attempt++) {
    const policy = await getPolicy(administration, resource);
    const changed = change(policy);
    if (changed === policy) return policy;
    try {
      return await setPolicy(administration, resource, changed);
    } catch (error) {
      const isConflict = error instanceof Refused && error.status === "ABORTED";
      if (!isConflict || attempt === attemptsMax) throw error;
      // Spread out, or those who collided once would collide again.
      await sleep(backoffMilliseconds * 2 ** attempt * (0.5 + Math.random() / 2));
    }
  }
}

/** The policy with one more member in a role; the same policy where it has that already. */
export function withBinding(policy: Policy, { role, member }: { role: string; member: string }): Policy {
  const bindings = policy.bindings ?? [];
  const found = bindings.find((binding) => binding.role === role);
  if (!found) return { ...policy, bindings: [...bindings, { role, members: [member] }] };
  if (found.members?.some((each) => isSameMember(each, member))) return policy;
  const grown = { ...found, members: [...(found.members ?? []), member] };
  return { ...policy, bindings: bindings.map((binding) => (binding === found ? grown : binding)) };
}

/** The policy with one member less in a role. Throws where it has no such member. */
export function withoutBinding(policy: Policy, { role, member }: { role: string; member: string }): Policy {
  const bindings = policy.bindings ?? [];
  const found = bindings.find(
    (binding) => binding.role === role && binding.members?.some((each) => isSameMember(each, member)),
  );
  if (!found)
    throw new Failure(`${member} does not have ${role} by this policy`, "see which are there: get-iam-policy");
  const shrunk = { ...found, members: (found.members ?? []).filter((each) => !isSameMember(each, member)) };
  const rest = bindings.map((binding) => (binding === found ? shrunk : binding));
  return { ...policy, bindings: rest.filter((binding) => binding.members?.length !== 0) };
}

/** The server writes e-mails and domains in lower case; the names of `principal:` keep theirs. */
function isSameMember(one: string, other: string): boolean {
  const fold = (member: string) =>
    /^(?:user|serviceAccount|group|domain):/.test(member) ? member.toLowerCase() : member;
  return fold(one) === fold(other);
}

function policyPath(resource: PolicyResource): string {
  if ("account" in resource) return apiPath`/v1/projects/-/serviceAccounts/${resource.account}`;
  const { project, location, repository } = resource;
  if (location === undefined) return apiPath`/v1/projects/${project}`;
  if (repository === undefined) return apiPath`/v1/projects/${project}/locations/${location}`;
  return apiPath`/v1/projects/${project}/locations/${location}/repositories/${repository}`;
}
