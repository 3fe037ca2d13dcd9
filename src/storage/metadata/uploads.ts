import type { Reader, Writer } from "./schema.ts";

export interface UploadRow {
  /** Opaque, and all that the client is told. */
  readonly id: string;
  readonly location: string;
  readonly projectId: string;
  readonly repositoryName: string;
  /** Who opened it. */
  readonly principal: string;
  readonly objectKey: string;
  /** Bytes stored so far. */
  readonly size: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

const columns = [
  "id",
  "location",
  "project_id as projectId",
  "repository_name as repositoryName",
  "principal",
  "object_key as objectKey",
  "size",
  "created_at as createdAt",
  "expires_at as expiresAt",
] as const;

export async function findUpload(read: Reader, id: string): Promise<UploadRow | undefined> {
  return await read.selectFrom("uploads").select(columns).where("id", "=", id).executeTakeFirst();
}

export async function insertUpload(write: Writer, upload: UploadRow): Promise<void> {
  await write
    .insertInto("uploads")
    .values({
      id: upload.id,
      location: upload.location,
      project_id: upload.projectId,
      repository_name: upload.repositoryName,
      principal: upload.principal,
      object_key: upload.objectKey,
      size: upload.size,
      created_at: upload.createdAt,
      expires_at: upload.expiresAt,
    })
    .execute();
}

/**
 * Records what has arrived; false when somebody else recorded more in the meantime or ended the upload.
 *
 * @param turn whose request it is; it fails where that has lost its turn
 */
export async function advanceUpload(
  write: Writer,
  id: string,
  from: number,
  to: number,
  expiresAt: number,
  turn?: string,
): Promise<boolean> {
  const update = write
    .updateTable("uploads")
    .set({ size: to, expires_at: expiresAt })
    .where("id", "=", id)
    .where("size", "=", from);
  const { numUpdatedRows } = await (turn === undefined ? update : update.where("turn", "=", turn)).executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Ends an upload; true for the one caller who ended it. @param turn as of advanceUpload */
export async function deleteUpload(write: Writer, id: string, turn?: string): Promise<boolean> {
  const deletion = write.deleteFrom("uploads").where("id", "=", id);
  const { numDeletedRows } = await (turn === undefined
    ? deletion
    : deletion.where("turn", "=", turn)
  ).executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Uploads that nobody continued in time, the longest expired first. */
export async function listExpiredUploads(read: Reader, now: number, limit: number): Promise<UploadRow[]> {
  return await read
    .selectFrom("uploads")
    .select(columns)
    .where("expires_at", "<=", now)
    .orderBy("expires_at")
    .limit(limit)
    .execute();
}
