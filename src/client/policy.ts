import { Failure } from "../sources/failure.ts";
import { type Administration, apiPath, Refused } from "./administration.ts";

/** Who has which roles on a resource. */
export type Policy = { version?: number; etag?: string; bindings?: Binding[] };
export type Binding = { role: string; members?: string[]; condition?: Condition };
/** A CEL expression under which a grant counts, with a name for people. */
export type Condition = { expression: string; title?: string; description?: string };
/** One member's part of a binding. */
export type Grant = { role: string; member: string; condition?: Condition | undefined };

/** What a policy hangs on: a project, one of its storage locations, repositories there, or a service account. */
export type PolicyResource =
  | {
      project: string;
      location?: string | undefined;
      repository?: string | undefined;
      /** The repositories below this path. */
      prefix?: string | undefined;
    }
  | { account: string };

/** A few people at once are served; more than that is a loop somewhere. */
const attemptsMax = 6;
const backoffMilliseconds = 50;
/** Conditions are part of the third form of policies; an older one is read and written without. */
const conditionalVersion = 3;

export async function getPolicy(administration: Administration, resource: PolicyResource): Promise<Policy> {
  const options = { requestedPolicyVersion: conditionalVersion };
  return await administration.call("POST", `${policyPath(resource)}:getIamPolicy`, { options });
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
export function withBinding(policy: Policy, { role, member, condition }: Grant): Policy {
  const bindings = policy.bindings ?? [];
  const found = bindings.find((binding) => binding.role === role && isSameCondition(binding.condition, condition));
  const version = condition ? { version: conditionalVersion } : {};
  if (!found) {
    const added = { role, members: [member], ...(condition && { condition }) };
    return { ...policy, ...version, bindings: [...bindings, added] };
  }
  if (found.members?.some((each) => isSameMember(each, member))) return policy;
  const grown = { ...found, members: [...(found.members ?? []), member] };
  return { ...policy, ...version, bindings: bindings.map((binding) => (binding === found ? grown : binding)) };
}

/** The policy with one member less in a role, under this condition or under none. Throws where it has no such member. */
export function withoutBinding(policy: Policy, { role, member, condition }: Grant): Policy {
  const bindings = policy.bindings ?? [];
  const named = bindings.filter(
    (binding) => binding.role === role && binding.members?.some((each) => isSameMember(each, member)),
  );
  const found = named.find((binding) => isSameCondition(binding.condition, condition));
  if (!found) {
    const [other] = named;
    if (other?.condition) {
      const text = `expression=${other.condition.expression}`;
      throw new Failure(`${member} has ${role} under a condition`, `name it: --condition='${text}'`);
    }
    throw new Failure(`${member} does not have ${role} by this policy`, "see which are there: get-iam-policy");
  }
  const shrunk = { ...found, members: (found.members ?? []).filter((each) => !isSameMember(each, member)) };
  const rest = bindings.map((binding) => (binding === found ? shrunk : binding));
  return { ...policy, bindings: rest.filter((binding) => binding.members?.length !== 0) };
}

/** A title is part of a condition where it was asked for; the expression always is. */
function isSameCondition(one: Condition | undefined, asked: Condition | undefined): boolean {
  if (one?.expression !== asked?.expression) return false;
  return asked?.title === undefined || one?.title === asked.title;
}

/** The server writes e-mails and domains in lower case; the names of `principal:` keep theirs. */
function isSameMember(one: string, other: string): boolean {
  const fold = (member: string) =>
    /^(?:user|serviceAccount|group|domain):/.test(member) ? member.toLowerCase() : member;
  return fold(one) === fold(other);
}

function policyPath(resource: PolicyResource): string {
  if ("account" in resource) return apiPath`/v1/projects/-/serviceAccounts/${resource.account}`;
  const { project, location, repository, prefix } = resource;
  if (location === undefined) return apiPath`/v1/projects/${project}`;
  if (prefix !== undefined) return apiPath`/v1/projects/${project}/locations/${location}/prefixes/${prefix}`;
  if (repository === undefined) return apiPath`/v1/projects/${project}/locations/${location}`;
  return apiPath`/v1/projects/${project}/locations/${location}/repositories/${repository}`;
}
