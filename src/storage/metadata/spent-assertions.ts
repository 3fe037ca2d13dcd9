import type { Writer } from "./schema.ts";

/** Notes that an assertion was used; false when it had been. Forgets those that have expired. */
export async function spendAssertion(
  write: Writer,
  keyId: string,
  jti: string,
  expiresAt: number,
  now: number,
): Promise<boolean> {
  await write.deleteFrom("spent_assertions").where("expires_at", "<", now).execute();
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("spent_assertions")
    .values({ key_id: keyId, jti, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}
