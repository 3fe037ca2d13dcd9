import type { MemberKey, Reader, ResourceKey, Writer } from "./schema.ts";

export interface DenyPolicyRow {
  readonly resource: ResourceKey;
  readonly name: string;
  readonly displayName: string;
  /** JSON. */
  readonly rules: string;
  readonly etag: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const columns = [
  "resource",
  "name",
  "display_name as displayName",
  "rules",
  "etag",
  "created_at as createdAt",
  "updated_at as updatedAt",
] as const;

export async function findDenyPolicy(
  read: Reader,
  resource: ResourceKey,
  name: string,
): Promise<DenyPolicyRow | undefined> {
  return await read
    .selectFrom("deny_policies")
    .select(columns)
    .where("resource", "=", resource)
    .where("name", "=", name)
    .executeTakeFirst();
}

/** In the order of their names, those after `after` only. */
export async function listDenyPolicies(
  read: Reader,
  resource: ResourceKey,
  after: string,
  limit: number,
): Promise<DenyPolicyRow[]> {
  return await read
    .selectFrom("deny_policies")
    .select(columns)
    .where("resource", "=", resource)
    .where("name", ">", after)
    .orderBy("name")
    .limit(limit)
    .execute();
}

/** Puts a policy in the place of the resource's old one of that name, and names those it denies where decisions look. */
export async function putDenyPolicy(
  write: Writer,
  policy: DenyPolicyRow,
  denied: readonly { readonly member: MemberKey; readonly role: string }[],
): Promise<void> {
  await removeDenyPolicy(write, policy.resource, policy.name);
  const { displayName, createdAt, updatedAt, ...rest } = policy;
  await write
    .insertInto("deny_policies")
    .values({ ...rest, display_name: displayName, created_at: createdAt, updated_at: updatedAt })
    .execute();
  for (const { member, role } of denied) {
    await write
      .insertInto("bindings")
      .values({ resource: guardKey(policy.resource), member, role, condition: "" })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

export async function removeDenyPolicy(write: Writer, resource: ResourceKey, name: string): Promise<void> {
  await write.deleteFrom("deny_policies").where("resource", "=", resource).where("name", "=", name).execute();
  await write
    .deleteFrom("bindings")
    .where("resource", "=", guardKey(resource))
    // "0" comes next after "/".
    .where("role", ">", `deny:${name}/`)
    .where("role", "<", `deny:${name}0`)
    .execute();
}

/**
 * Where what limits a resource's grants hangs, beside the grants themselves: one statement finds both. It is no resource
 * of its own, so that no policy names it.
 */
export function guardKey(resource: ResourceKey): ResourceKey {
  return `guard/${resource}`;
}
