import { removeObjectLater } from "./removed-objects.ts";
import { deleteRepository } from "./repositories.ts";
import type { Reader, Writer } from "./schema.ts";

/** A repository's hold on a blob, as far as garbage collection asks. */
export interface BlobUse {
  /** Since when the link is hidden from readers; null for one that is not. */
  readonly hiddenAt: number | null;
  /** Whether a manifest of the repository names the blob. */
  readonly isReferenced: boolean;
}

/** Undefined where the repository has no link to the blob. */
export async function findBlobUse(read: Reader, repositoryId: string, digest: string): Promise<BlobUse | undefined> {
  const link = await read
    .selectFrom("blob_links")
    .select("hidden_at as hiddenAt")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  if (!link) return undefined;
  const reference = await read
    .selectFrom("manifest_references")
    .select("position")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .where("kind", "in", ["config", "layer"])
    .limit(1)
    .executeTakeFirst();
  return { ...link, isReferenced: reference !== undefined };
}

/** Hides a blob from its repository's readers, so that nobody begins to count on it; a manifest may still name it. */
export async function hideBlobLink(write: Writer, repositoryId: string, digest: string, now: number): Promise<void> {
  await write
    .updateTable("blob_links")
    .set({ hidden_at: now })
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .execute();
}

/** Shows what a manifest names to its repository's readers again. */
export async function revealBlobLinks(write: Writer, repositoryId: string, digests: readonly string[]): Promise<void> {
  const pageSize = 200;
  for (let start = 0; start < digests.length; start += pageSize) {
    await write
      .updateTable("blob_links")
      .set({ hidden_at: null })
      .where("repository_id", "=", repositoryId)
      .where("digest", "in", digests.slice(start, start + pageSize))
      .where("hidden_at", "is not", null)
      .execute();
  }
}

/** How many repositories have the blob, up to `limit`. */
export async function countBlobLinks(read: Reader, digest: string, limit: number): Promise<number> {
  const rows = await read.selectFrom("blob_links").select("digest").where("digest", "=", digest).limit(limit).execute();
  return rows.length;
}

/** A blob with its object, whoever has it. */
export async function findBlob(read: Reader, digest: string) {
  return await read
    .selectFrom("blobs")
    .select(["object_key as objectKey", "size", "quarantined_at as quarantinedAt"])
    .where("digest", "=", digest)
    .executeTakeFirst();
}

/** Removes a blob that no repository has and has its bytes removed; answers how many those are. */
export async function deleteUnlinkedBlob(write: Writer, digest: string, now: number): Promise<number | undefined> {
  const blob = await findBlob(write, digest);
  if (!blob || (await countBlobLinks(write, digest, 1)) > 0) return undefined;
  await write.deleteFrom("blobs").where("digest", "=", digest).execute();
  await write.deleteFrom("objects").where("key", "=", blob.objectKey).execute();
  await removeObjectLater(write, { key: blob.objectKey, size: blob.size }, now);
  return blob.size;
}

/** Whether something needs the manifest: a tag, an index that has it as a child, or a subject that it refers to. */
export async function isManifestNeeded(read: Reader, repositoryId: string, digest: string): Promise<boolean> {
  const tag = await read
    .selectFrom("tags")
    .select("name")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .limit(1)
    .executeTakeFirst();
  if (tag) return true;
  const parent = await read
    .selectFrom("manifest_references")
    .select("position")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .where("kind", "=", "child")
    .limit(1)
    .executeTakeFirst();
  if (parent) return true;
  const subject = await read
    .selectFrom("manifests as referrer")
    .innerJoin("manifests as subject", (join) =>
      join
        .onRef("subject.repository_id", "=", "referrer.repository_id")
        .onRef("subject.digest", "=", "referrer.subject_digest"),
    )
    .select("subject.digest")
    .where("referrer.repository_id", "=", repositoryId)
    .where("referrer.digest", "=", digest)
    .executeTakeFirst();
  return subject !== undefined;
}

/**
 * Removes a repository that has no manifest, no blob, no upload and no policy or rules of its own, and the history of its tags.
 * True when it did.
 */
export async function deleteEmptyRepository(write: Writer, repositoryId: string): Promise<boolean> {
  if (!(await isRepositoryEmpty(write, repositoryId))) return false;
  return await deleteRepository(write, repositoryId);
}

/** A policy or rules that somebody gave a repository are a reason to keep it, empty or not. */
export async function isRepositoryEmpty(read: Reader, repositoryId: string): Promise<boolean> {
  for (const table of ["manifests", "blob_links"] as const) {
    const row = await read
      .selectFrom(table)
      .select("digest")
      .where("repository_id", "=", repositoryId)
      .limit(1)
      .executeTakeFirst();
    if (row) return false;
  }
  const policy = await read
    .selectFrom("policies")
    .select("etag")
    .where("resource", "=", `repository/${repositoryId}`)
    .executeTakeFirst();
  if (policy) return false;
  const rules = await read
    .selectFrom("rules")
    .select("etag")
    .where("repository_id", "=", repositoryId)
    .executeTakeFirst();
  return rules === undefined;
}
