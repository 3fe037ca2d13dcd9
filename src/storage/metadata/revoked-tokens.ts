import type { Writer } from "./schema.ts";

/** Notes that a token ended before its time; `HotReads.anyRevoked` asks for it. Forgets those that are over anyway. */
export async function revokeToken(write: Writer, jti: string, expiresAt: number, now: number): Promise<void> {
  await write.deleteFrom("revoked_tokens").where("expires_at", "<", now).execute();
  await write
    .insertInto("revoked_tokens")
    .values({ jti, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
