import type { BindingRow } from "./hot-reads.ts";
import type { MemberKey, Reader, ResourceKey, Writer } from "./schema.ts";

export interface PolicyRows {
  /** Empty for a policy that was never set. */
  readonly etag: string;
  readonly bindings: readonly Omit<BindingRow, "resource">[];
}

/** A resource's own policy. */
export async function readPolicy(read: Reader, resource: ResourceKey): Promise<PolicyRows> {
  const policy = await read.selectFrom("policies").select("etag").where("resource", "=", resource).executeTakeFirst();
  const bindings = await read
    .selectFrom("bindings")
    .select(["member", "role", "condition"])
    .where("resource", "=", resource)
    .orderBy("role")
    .orderBy("member")
    .orderBy("condition")
    .execute();
  return { etag: policy?.etag ?? "", bindings };
}

/** Puts a policy in the place of the resource's old one. */
export async function replacePolicy(
  write: Writer,
  resource: ResourceKey,
  policy: PolicyRows,
  now: number,
): Promise<void> {
  await write.deleteFrom("bindings").where("resource", "=", resource).execute();
  for (const binding of policy.bindings) {
    await write
      .insertInto("bindings")
      .values({ resource, ...binding })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await write
    .insertInto("policies")
    .values({ resource, etag: policy.etag, updated_at: now })
    .onConflict((conflict) => conflict.column("resource").doUpdateSet({ etag: policy.etag, updated_at: now }))
    .execute();
}

/** Every binding of any of these members, on whatever resource; what limits them is asked for on its own. */
export async function listBindingsOf(
  read: Reader,
  members: readonly MemberKey[],
  limit: number,
): Promise<BindingRow[]> {
  return await read
    .selectFrom("bindings")
    .select(["resource", "member", "role", "condition"])
    .where("member", "in", members)
    .where("resource", "not like", "guard/%")
    .limit(limit)
    .execute();
}

/** Every deny rule and constraint that is about any of these members. */
export async function listGuardsOf(read: Reader, members: readonly MemberKey[]): Promise<BindingRow[]> {
  return await read
    .selectFrom("bindings")
    .select(["resource", "member", "role", "condition"])
    .where("member", "in", members)
    .where("resource", "like", "guard/%")
    .execute();
}
