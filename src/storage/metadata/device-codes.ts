import type { Reader, Writer } from "./schema.ts";

/** A device that waits for somebody to type its code. */
export interface DeviceCodeRow {
  readonly codeHash: string;
  readonly userCodeHash: string;
  readonly clientId: string;
  readonly scopes: string;
  readonly address: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly intervalSeconds: number;
  readonly polledAt: number;
  /** Who allowed it; empty while nobody has answered. */
  readonly userId: string;
  readonly deniedAt: number | null;
  /** What it was traded for; empty until then. */
  readonly loginId: string;
}

const columns = [
  "code_hash as codeHash",
  "user_code_hash as userCodeHash",
  "client_id as clientId",
  "scopes",
  "address",
  "created_at as createdAt",
  "expires_at as expiresAt",
  "interval_seconds as intervalSeconds",
  "polled_at as polledAt",
  "user_id as userId",
  "denied_at as deniedAt",
  "login_id as loginId",
] as const;

type NewDeviceCode = Omit<DeviceCodeRow, "polledAt" | "userId" | "deniedAt" | "loginId">;

export async function insertDeviceCode(write: Writer, code: NewDeviceCode): Promise<void> {
  const { codeHash, userCodeHash, clientId, scopes, address, createdAt, expiresAt, intervalSeconds } = code;
  await write
    .insertInto("device_codes")
    .values({
      code_hash: codeHash,
      user_code_hash: userCodeHash,
      client_id: clientId,
      scopes,
      address,
      created_at: createdAt,
      expires_at: expiresAt,
      interval_seconds: intervalSeconds,
      polled_at: 0,
      user_id: "",
      denied_at: null,
      login_id: "",
    })
    .execute();
}

export async function findDeviceCode(read: Reader, codeHash: string): Promise<DeviceCodeRow | undefined> {
  return await read.selectFrom("device_codes").select(columns).where("code_hash", "=", codeHash).executeTakeFirst();
}

/** One that waits for an answer, by the code that people type. */
export async function findWaitingDevice(
  read: Reader,
  userCodeHash: string,
  now: number,
): Promise<DeviceCodeRow | undefined> {
  return await read
    .selectFrom("device_codes")
    .select(columns)
    .where("user_code_hash", "=", userCodeHash)
    .where("expires_at", ">", now)
    .where("user_id", "=", "")
    .where("denied_at", "is", null)
    .executeTakeFirst();
}

type DeviceChange = Partial<Pick<DeviceCodeRow, "intervalSeconds" | "polledAt" | "userId" | "deniedAt" | "loginId">>;

export async function updateDeviceCode(write: Writer, codeHash: string, change: DeviceChange): Promise<void> {
  const { intervalSeconds, polledAt, userId, deniedAt, loginId } = change;
  await write
    .updateTable("device_codes")
    .set({
      ...(intervalSeconds !== undefined && { interval_seconds: intervalSeconds }),
      ...(polledAt !== undefined && { polled_at: polledAt }),
      ...(userId !== undefined && { user_id: userId }),
      ...(deniedAt !== undefined && { denied_at: deniedAt }),
      ...(loginId !== undefined && { login_id: loginId }),
    })
    .where("code_hash", "=", codeHash)
    .execute();
}

export async function deleteOldDeviceCodes(write: Writer, before: number): Promise<void> {
  await write.deleteFrom("device_codes").where("expires_at", "<", before).execute();
}
