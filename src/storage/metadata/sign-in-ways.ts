// How users can prove who they are: passwords, passkeys, and who they are elsewhere.
import type { Reader, Writer } from "./schema.ts";

export interface PasskeyRow {
  readonly id: string;
  readonly userId: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: string;
}

export async function findPasswordHash(read: Reader, userId: string): Promise<string | undefined> {
  const row = await read.selectFrom("passwords").select("hash").where("user_id", "=", userId).executeTakeFirst();
  return row?.hash;
}

export async function setPasswordHash(write: Writer, userId: string, hash: string, now: number): Promise<void> {
  await write
    .insertInto("passwords")
    .values({ user_id: userId, hash, set_at: now })
    .onConflict((conflict) => conflict.column("user_id").doUpdateSet({ hash, set_at: now }))
    .execute();
}

export async function findPasskey(read: Reader, id: string): Promise<PasskeyRow | undefined> {
  return await read
    .selectFrom("passkeys")
    .select(["id", "user_id as userId", "public_key as publicKey", "counter", "transports"])
    .where("id", "=", id)
    .executeTakeFirst();
}

/** A user's passkeys, the oldest first. */
export async function listPasskeys(read: Reader, userId: string) {
  return await read
    .selectFrom("passkeys")
    .select(["id", "created_at as createdAt", "used_at as usedAt"])
    .where("user_id", "=", userId)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

/** Removes a passkey of a user; somebody else's stays. */
export async function deletePasskey(write: Writer, userId: string, id: string): Promise<void> {
  await write.deleteFrom("passkeys").where("id", "=", id).where("user_id", "=", userId).execute();
}

/** Whether a user has any way to sign in. */
export async function hasSignInWay(read: Reader, userId: string): Promise<boolean> {
  for (const table of ["passwords", "passkeys", "outside_identities"] as const) {
    const row = await read
      .selectFrom(table)
      .select("user_id")
      .where("user_id", "=", userId)
      .limit(1)
      .executeTakeFirst();
    if (row) return true;
  }
  return false;
}

export async function insertPasskey(write: Writer, passkey: PasskeyRow, now: number): Promise<void> {
  const { id, userId, publicKey, counter, transports } = passkey;
  await write
    .insertInto("passkeys")
    .values({ id, user_id: userId, public_key: publicKey, counter, transports, created_at: now, used_at: null })
    .execute();
}

export async function notePasskeyUse(write: Writer, id: string, counter: number, now: number): Promise<void> {
  await write.updateTable("passkeys").set({ counter, used_at: now }).where("id", "=", id).execute();
}

/** The user that somebody of an OIDC provider is here. */
export async function findOutsideIdentity(read: Reader, issuer: string, subject: string): Promise<string | undefined> {
  const row = await read
    .selectFrom("outside_identities")
    .select("user_id as userId")
    .where("issuer", "=", issuer)
    .where("subject", "=", subject)
    .executeTakeFirst();
  return row?.userId;
}

/** Who a user is at a provider: a provider knows nobody twice. */
export async function findOutsideSubject(read: Reader, issuer: string, userId: string): Promise<string | undefined> {
  const row = await read
    .selectFrom("outside_identities")
    .select("subject")
    .where("user_id", "=", userId)
    .where("issuer", "=", issuer)
    .executeTakeFirst();
  return row?.subject;
}

export async function insertOutsideIdentity(
  write: Writer,
  { issuer, subject, userId }: { issuer: string; subject: string; userId: string },
  now: number,
): Promise<void> {
  await write.insertInto("outside_identities").values({ issuer, subject, user_id: userId, created_at: now }).execute();
}

/** Takes every way in from a user. */
export async function deleteSignInWays(write: Writer, userId: string): Promise<void> {
  for (const table of ["passwords", "passkeys", "outside_identities"] as const)
    await write.deleteFrom(table).where("user_id", "=", userId).execute();
}
