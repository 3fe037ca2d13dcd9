import type { Reader, Writer } from "./schema.ts";

export interface ServiceAccountKeyRow {
  /** 40 hex digits. */
  readonly id: string;
  readonly serviceAccountId: string;
  readonly origin: "generated" | "uploaded" | "restored";
  /** SPKI PEM. */
  readonly publicKey: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly disabledAt: number | null;
  /** When the private half was first sent to the server as a password. */
  readonly exposedAt: number | null;
}

const columns = [
  "id",
  "service_account_id as serviceAccountId",
  "origin",
  "public_key as publicKey",
  "created_at as createdAt",
  "expires_at as expiresAt",
  "disabled_at as disabledAt",
  "exposed_at as exposedAt",
] as const;

/** A key that is not deleted. */
export async function findServiceAccountKey(read: Reader, id: string): Promise<ServiceAccountKeyRow | undefined> {
  return await read
    .selectFrom("service_account_keys")
    .select(columns)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

/** An account's keys, oldest first. There are few: see keysPerAccountMax in the identity room. */
export async function listServiceAccountKeys(read: Reader, serviceAccountId: string): Promise<ServiceAccountKeyRow[]> {
  return await read
    .selectFrom("service_account_keys")
    .select(columns)
    .where("service_account_id", "=", serviceAccountId)
    .where("deleted_at", "is", null)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

export async function insertServiceAccountKey(write: Writer, key: ServiceAccountKeyRow): Promise<void> {
  await write
    .insertInto("service_account_keys")
    .values({
      id: key.id,
      service_account_id: key.serviceAccountId,
      origin: key.origin,
      public_key: key.publicKey,
      created_at: key.createdAt,
      expires_at: key.expiresAt,
      disabled_at: key.disabledAt,
      deleted_at: null,
      exposed_at: key.exposedAt,
    })
    .execute();
}

export async function setKeyDisabled(write: Writer, id: string, disabledAt: number | null): Promise<void> {
  await write.updateTable("service_account_keys").set({ disabled_at: disabledAt }).where("id", "=", id).execute();
}

export async function markKeyDeleted(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("service_account_keys").set({ deleted_at: now }).where("id", "=", id).execute();
}

/** Keeps the first time only. */
export async function markKeyExposed(write: Writer, id: string, now: number): Promise<void> {
  await write
    .updateTable("service_account_keys")
    .set({ exposed_at: now })
    .where("id", "=", id)
    .where("exposed_at", "is", null)
    .execute();
}
