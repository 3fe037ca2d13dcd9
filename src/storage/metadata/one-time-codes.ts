import type { Reader, Writer } from "./schema.ts";

export interface OneTimeCodeRow {
  readonly codeHash: string;
  readonly purpose: string;
  readonly subject: string;
  readonly body: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly spentAt: number | null;
}

/** Adds a code, in the place of an earlier one of that purpose for the same subject, and forgets what is long over. */
export async function insertOneTimeCode(write: Writer, code: Omit<OneTimeCodeRow, "spentAt">): Promise<void> {
  const { codeHash, purpose, subject, body, createdAt, expiresAt } = code;
  if (subject !== "") await deleteOneTimeCodesOf(write, subject, purpose);
  await write
    .insertInto("one_time_codes")
    .values({
      code_hash: codeHash,
      purpose,
      subject,
      body,
      created_at: createdAt,
      expires_at: expiresAt,
      spent_at: null,
    })
    .execute();
}

export async function findOneTimeCode(read: Reader, codeHash: string): Promise<OneTimeCodeRow | undefined> {
  return await read
    .selectFrom("one_time_codes")
    .select([
      "code_hash as codeHash",
      "purpose",
      "subject",
      "body",
      "created_at as createdAt",
      "expires_at as expiresAt",
      "spent_at as spentAt",
    ])
    .where("code_hash", "=", codeHash)
    .executeTakeFirst();
}

/** Marks a code as used, and keeps what came of it. */
export async function spendOneTimeCode(write: Writer, codeHash: string, body: string, now: number): Promise<void> {
  await write.updateTable("one_time_codes").set({ spent_at: now, body }).where("code_hash", "=", codeHash).execute();
}

export async function deleteOneTimeCodesOf(write: Writer, subject: string, purpose: string): Promise<void> {
  await write.deleteFrom("one_time_codes").where("subject", "=", subject).where("purpose", "=", purpose).execute();
}

export async function deleteOldOneTimeCodes(write: Writer, before: number): Promise<void> {
  await write.deleteFrom("one_time_codes").where("expires_at", "<", before).execute();
}
