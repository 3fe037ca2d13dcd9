import type { Reader, Writer } from "./schema.ts";

/** Who writes an upload: empty for nobody. */
export interface UploadTurnRow {
  readonly turn: string;
  /** Grows while the writer lives. */
  readonly beat: number;
}

export async function findUploadTurn(read: Reader, id: string): Promise<UploadTurnRow | undefined> {
  return await read.selectFrom("uploads").select(["turn", "beat"]).where("id", "=", id).executeTakeFirst();
}

/** Takes the turn after `before`, whose holder can change nothing more then; false when somebody else has it. */
export async function takeUploadTurn(write: Writer, id: string, turn: string, before: string): Promise<boolean> {
  const { numUpdatedRows } = await write
    .updateTable("uploads")
    .set({ turn, beat: 0 })
    .where("id", "=", id)
    .where("turn", "=", before)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function beatUploadTurn(write: Writer, id: string, turn: string): Promise<void> {
  await write
    .updateTable("uploads")
    .set((row) => ({ beat: row("beat", "+", 1) }))
    .where("id", "=", id)
    .where("turn", "=", turn)
    .execute();
}

export async function endUploadTurn(write: Writer, id: string, turn: string): Promise<void> {
  await write.updateTable("uploads").set({ turn: "" }).where("id", "=", id).where("turn", "=", turn).execute();
}

/** Has the upload go on in another object; false when the turn is somebody else's by now. */
export async function moveUpload(write: Writer, id: string, turn: string, objectKey: string): Promise<boolean> {
  const { numUpdatedRows } = await write
    .updateTable("uploads")
    .set({ object_key: objectKey })
    .where("id", "=", id)
    .where("turn", "=", turn)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
