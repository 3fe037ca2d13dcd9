import type { Reader, Writer } from "./schema.ts";

/** Where somebody is signed in. */
export interface SessionRow {
  readonly id: string;
  readonly userId: string;
  readonly how: string;
  readonly address: string;
  readonly agent: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly expiresAt: number;
}

export async function insertSession(write: Writer, session: SessionRow, cookieHash: string): Promise<void> {
  const { id, userId, how, address, agent, createdAt, usedAt, expiresAt } = session;
  await write
    .insertInto("sessions")
    .values({
      id,
      cookie_hash: cookieHash,
      user_id: userId,
      how,
      address,
      agent,
      created_at: createdAt,
      used_at: usedAt,
      expires_at: expiresAt,
      ended_at: null,
    })
    .execute();
}

/** A user's sessions that have not ended, the newest first. */
export async function listSessions(read: Reader, userId: string, usedAfter: number, now: number, limit: number) {
  return await read
    .selectFrom("sessions")
    .select([
      "id",
      "user_id as userId",
      "how",
      "address",
      "agent",
      "created_at as createdAt",
      "used_at as usedAt",
      "expires_at as expiresAt",
    ])
    .where("user_id", "=", userId)
    .where("ended_at", "is", null)
    .where("expires_at", ">", now)
    .where("used_at", ">", usedAfter)
    .orderBy("created_at", "desc")
    .limit(limit)
    .execute();
}

export async function noteSessionUse(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("sessions").set({ used_at: now }).where("id", "=", id).execute();
}

/** Ends one session of a user; false where it is not theirs or has ended. */
export async function endSession(write: Writer, userId: string, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await write
    .updateTable("sessions")
    .set({ ended_at: now })
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Ends every session of a user, but for one where that is named. */
export async function endSessionsOf(write: Writer, userId: string, now: number, except = ""): Promise<void> {
  await write
    .updateTable("sessions")
    .set({ ended_at: now })
    .where("user_id", "=", userId)
    .where("ended_at", "is", null)
    .where("id", "!=", except)
    .execute();
}

/** Forgets what ended by the clock before a time. */
export async function deleteOldSessions(write: Writer, before: number): Promise<void> {
  await write.deleteFrom("sessions").where("expires_at", "<", before).execute();
}
