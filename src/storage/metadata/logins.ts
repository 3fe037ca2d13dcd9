import type { Reader, Writer } from "./schema.ts";

/** A program that may act for somebody for a long time. */
export interface LoginRow {
  readonly id: string;
  readonly kind: "oauth" | "registry";
  readonly principal: string;
  /** Empty for a user's. */
  readonly keyId: string;
  readonly clientId: string;
  readonly scopes: string;
  readonly address: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly expiresAt: number;
}

export interface RefreshTokenRow {
  readonly tokenHash: string;
  readonly loginId: string;
  readonly follows: string;
  readonly spentAt: number | null;
}

const columns = [
  "id",
  "kind",
  "principal",
  "key_id as keyId",
  "client_id as clientId",
  "scopes",
  "address",
  "created_at as createdAt",
  "used_at as usedAt",
  "expires_at as expiresAt",
] as const;

export async function insertLogin(write: Writer, login: LoginRow): Promise<void> {
  const { id, kind, principal, keyId, clientId, scopes, address, createdAt, usedAt, expiresAt } = login;
  await write
    .insertInto("logins")
    .values({
      id,
      kind,
      principal,
      key_id: keyId,
      client_id: clientId,
      scopes,
      address,
      created_at: createdAt,
      used_at: usedAt,
      expires_at: expiresAt,
      ended_at: null,
    })
    .execute();
}

/** A login that is neither ended nor over. */
export async function findLogin(read: Reader, id: string, now: number): Promise<LoginRow | undefined> {
  return await read
    .selectFrom("logins")
    .select(columns)
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
}

/** A principal's logins that are neither ended nor over, the newest first. */
export async function listLogins(
  read: Reader,
  principal: string,
  usedAfter: number,
  now: number,
  limit: number,
): Promise<LoginRow[]> {
  return await read
    .selectFrom("logins")
    .select(columns)
    .where("principal", "=", principal)
    .where("ended_at", "is", null)
    .where("expires_at", ">", now)
    .where("used_at", ">", usedAfter)
    .orderBy("created_at", "desc")
    .limit(limit)
    .execute();
}

/** The logins made with a key beyond the `kept` that were used last. */
export async function listIdleLoginsOfKey(read: Reader, keyId: string, kept: number): Promise<string[]> {
  const rows = await read
    .selectFrom("logins")
    .select("id")
    .where("key_id", "=", keyId)
    .where("ended_at", "is", null)
    .orderBy("used_at", "desc")
    .limit(100)
    .offset(kept)
    .execute();
  return rows.map(({ id }) => id);
}

export async function noteLoginUse(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("logins").set({ used_at: now }).where("id", "=", id).execute();
}

/** Ends one login of a principal; false where it is not theirs or has ended. */
export async function endLogin(write: Writer, principal: string, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await write
    .updateTable("logins")
    .set({ ended_at: now })
    .where("id", "=", id)
    .where("principal", "=", principal)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function endLoginsOf(write: Writer, principal: string, now: number): Promise<void> {
  await write
    .updateTable("logins")
    .set({ ended_at: now })
    .where("principal", "=", principal)
    .where("ended_at", "is", null)
    .execute();
}

/** Forgets logins, and their tokens, that were over before a time. */
export async function deleteOldLogins(write: Writer, before: number): Promise<void> {
  const old = write.selectFrom("logins").select("id").where("expires_at", "<", before);
  await write.deleteFrom("refresh_tokens").where("login_id", "in", old).execute();
  await write.deleteFrom("logins").where("expires_at", "<", before).execute();
}

export async function insertRefreshToken(
  write: Writer,
  { tokenHash, loginId, follows }: Omit<RefreshTokenRow, "spentAt">,
  now: number,
): Promise<void> {
  await write
    .insertInto("refresh_tokens")
    .values({ token_hash: tokenHash, login_id: loginId, follows, created_at: now, spent_at: null })
    .execute();
}

export async function findRefreshToken(read: Reader, tokenHash: string): Promise<RefreshTokenRow | undefined> {
  return await read
    .selectFrom("refresh_tokens")
    .select(["token_hash as tokenHash", "login_id as loginId", "follows", "spent_at as spentAt"])
    .where("token_hash", "=", tokenHash)
    .executeTakeFirst();
}

/** The token of a login that took another's place and was not used yet. */
export async function findUnusedSuccessor(
  read: Reader,
  { loginId, tokenHash }: RefreshTokenRow,
): Promise<string | undefined> {
  const row = await read
    .selectFrom("refresh_tokens")
    .select("token_hash as tokenHash")
    .where("login_id", "=", loginId)
    .where("follows", "=", tokenHash)
    .where("spent_at", "is", null)
    .executeTakeFirst();
  return row?.tokenHash;
}

export async function spendRefreshToken(write: Writer, tokenHash: string, now: number): Promise<void> {
  await write.updateTable("refresh_tokens").set({ spent_at: now }).where("token_hash", "=", tokenHash).execute();
}
