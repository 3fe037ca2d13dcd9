import type { Reader, Writer } from "./schema.ts";

export interface SigningKeyRow {
  readonly id: string;
  readonly use: string;
  readonly algorithm: string;
  readonly privateKey: string;
  readonly createdAt: number;
  /** Null while it waits for its turn. */
  readonly signsFrom: number | null;
  /** Since when it only verifies. */
  readonly supersededAt: number | null;
}

/** Every signing key that is not retired, newest first. */
export async function listSigningKeys(read: Reader): Promise<SigningKeyRow[]> {
  return await read
    .selectFrom("signing_keys")
    .select([
      "id",
      "use",
      "algorithm",
      "private_key as privateKey",
      "created_at as createdAt",
      "signs_from as signsFrom",
      "superseded_at as supersededAt",
    ])
    .where("retired_at", "is", null)
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
}

export async function insertSigningKey(write: Writer, key: SigningKeyRow): Promise<void> {
  await write
    .insertInto("signing_keys")
    .values({
      id: key.id,
      use: key.use,
      algorithm: key.algorithm,
      private_key: key.privateKey,
      created_at: key.createdAt,
      signs_from: key.signsFrom,
      superseded_at: key.supersededAt,
      retired_at: null,
    })
    .execute();
}

/** A key that waited signs from now on. */
export async function startSigningKey(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("signing_keys").set({ signs_from: now }).where("id", "=", id).execute();
}

/** A key that signed only verifies from now on. */
export async function supersedeSigningKey(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("signing_keys").set({ superseded_at: now }).where("id", "=", id).execute();
}

/** Nothing that the key signed is believed any more, and its private half is forgotten. */
export async function retireSigningKey(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("signing_keys").set({ retired_at: now, private_key: "" }).where("id", "=", id).execute();
}
