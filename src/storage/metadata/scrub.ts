import type { Reader, Writer } from "./schema.ts";

/** A blob whose bytes are to be hashed. */
export interface ScrubbedBlob {
  readonly digest: string;
  readonly objectKey: string;
  /** Bytes. */
  readonly size: number;
  readonly verifiedAt: number;
}

const columns = ["digest", "object_key as objectKey", "size", "verified_at as verifiedAt"] as const;

/** Blobs that were last found good at `verifiedBefore` or earlier, the longest unseen first. */
export async function listUnverified(read: Reader, verifiedBefore: number, limit: number): Promise<ScrubbedBlob[]> {
  return await read
    .selectFrom("blobs")
    .select(columns)
    .where("quarantined_at", "is", null)
    .where("verified_at", "<=", verifiedBefore)
    .orderBy("verified_at")
    .orderBy("digest")
    .limit(limit)
    .execute();
}

/** Every blob in the order of digests, the quarantined among them, those after `after` only. */
export async function listBlobs(read: Reader, after: string, limit: number) {
  return await read
    .selectFrom("blobs")
    .select([...columns, "quarantined_at as quarantinedAt"])
    .where("digest", ">", after)
    .orderBy("digest")
    .limit(limit)
    .execute();
}

/** How many blobs there are, and how many bytes they have. */
export async function countBlobs(read: Reader): Promise<{ blobs: number; bytes: number }> {
  const { blobs, bytes } = await read
    .selectFrom("blobs")
    .select((row) => [row.fn.countAll<number>().as("blobs"), row.fn.sum<number | null>("size").as("bytes")])
    .executeTakeFirstOrThrow();
  return { blobs: Number(blobs), bytes: Number(bytes ?? 0) };
}

/** These were found good, unless their bytes were replaced meanwhile. */
export async function markVerified(write: Writer, blobs: readonly ScrubbedBlob[], now: number): Promise<void> {
  const keys = blobs.map(({ objectKey }) => objectKey);
  if (keys.length > 0) {
    await write.updateTable("blobs").set({ verified_at: now }).where("object_key", "in", keys).execute();
  }
}

/** Refuses a blob from now on; true unless it was already, or its bytes were replaced meanwhile. */
export async function quarantineBlob(write: Writer, digest: string, objectKey: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await write
    .updateTable("blobs")
    .set({ quarantined_at: now })
    .where("digest", "=", digest)
    .where("object_key", "=", objectKey)
    .where("quarantined_at", "is", null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Some repositories that have the blob, by location and name. */
export async function listBlobRepositories(read: Reader, digest: string, limit: number) {
  return await read
    .selectFrom("blob_links")
    .innerJoin("repositories", "repositories.id", "blob_links.repository_id")
    .innerJoin("projects", "projects.id", "repositories.project_id")
    .select(["repositories.location", "projects.name as project", "repositories.name as image"])
    .where("blob_links.digest", "=", digest)
    .orderBy("blob_links.repository_id")
    .limit(limit)
    .execute();
}

/** Manifests with their bytes, those after `after` only. */
export async function listManifestBodies(
  read: Reader,
  after: { readonly repositoryId: string; readonly digest: string },
  limit: number,
) {
  return await read
    .selectFrom("manifests")
    .select(["repository_id as repositoryId", "digest", "body"])
    .where((row) => row(row.refTuple("repository_id", "digest"), ">", row.tuple(after.repositoryId, after.digest)))
    .orderBy("repository_id")
    .orderBy("digest")
    .limit(limit)
    .execute();
}

/** A repository by its names, also where its project is deleted. */
export async function findRepositoryNames(read: Reader, repositoryId: string) {
  return await read
    .selectFrom("repositories")
    .innerJoin("projects", "projects.id", "repositories.project_id")
    .select(["repositories.location", "projects.name as project", "repositories.name as image"])
    .where("repositories.id", "=", repositoryId)
    .executeTakeFirst();
}

/** The blob that an object holds. */
export async function findBlobOfObject(read: Reader, objectKey: string): Promise<ScrubbedBlob | undefined> {
  return await read.selectFrom("blobs").select(columns).where("object_key", "=", objectKey).executeTakeFirst();
}
