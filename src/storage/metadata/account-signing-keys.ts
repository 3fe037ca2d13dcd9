import type { Reader, Writer } from "./schema.ts";

/** A key with which this server signs in an account's name. */
export interface AccountSigningKeyRow {
  readonly id: string;
  readonly serviceAccountId: string;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
  readonly createdAt: number;
}

/** An account's keys that are young enough, newest first. */
export async function listAccountSigningKeys(
  read: Reader,
  serviceAccountId: string,
  createdAfter: number,
): Promise<AccountSigningKeyRow[]> {
  return await read
    .selectFrom("account_signing_keys")
    .select(["id", "service_account_id as serviceAccountId", "private_key as privateKey", "created_at as createdAt"])
    .where("service_account_id", "=", serviceAccountId)
    .where("created_at", ">", createdAfter)
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
}

/** Adds a key, and forgets those of before `forgetBefore`. */
export async function insertAccountSigningKey(
  write: Writer,
  { id, serviceAccountId, privateKey, createdAt }: AccountSigningKeyRow,
  forgetBefore: number,
): Promise<void> {
  await write
    .deleteFrom("account_signing_keys")
    .where("service_account_id", "=", serviceAccountId)
    .where("created_at", "<=", forgetBefore)
    .execute();
  await write
    .insertInto("account_signing_keys")
    .values({ id, service_account_id: serviceAccountId, private_key: privateKey, created_at: createdAt })
    .execute();
}
