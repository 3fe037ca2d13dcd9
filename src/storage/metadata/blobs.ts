import { revealBlobLinks } from "./garbage.ts";
import { countLink, uncountLink } from "./limits.ts";
import { missingDigests } from "./missing-digests.ts";
import { removeObjectLater } from "./removed-objects.ts";
import { enqueueReviews } from "./reviews.ts";
import type { Reader, Writer } from "./schema.ts";

export interface NewBlob {
  readonly digest: string;
  /** The object that holds the bytes. */
  readonly objectKey: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Makes a blob of an object whose bytes were checked and synced, and links it to the repository. Where the digest
 * is stored already the old object stays, unless it is quarantined: then the new one takes its place. Answers the
 * key of an object that nobody needs now: the new one, the one replaced, or none. It is to be removed, by the caller
 * at once or by garbage collection later.
 */
export async function commitBlob(
  write: Writer,
  repositoryId: string,
  blob: NewBlob,
  now: number,
): Promise<string | undefined> {
  const { digest, objectKey, size } = blob;
  const old = await write
    .selectFrom("blobs")
    .select(["object_key as objectKey", "size", "quarantined_at as quarantinedAt"])
    .where("digest", "=", digest)
    .executeTakeFirst();
  if (old?.quarantinedAt === null) {
    await linkBlob(write, repositoryId, digest, now);
    await removeObjectLater(write, { key: objectKey, size }, now);
    return objectKey;
  }
  await write.insertInto("objects").values({ key: objectKey, size, created_at: now }).execute();
  const row = { object_key: objectKey, size, verified_at: now, quarantined_at: null };
  if (old) {
    await write.updateTable("blobs").set(row).where("digest", "=", digest).execute();
    await write.deleteFrom("objects").where("key", "=", old.objectKey).execute();
    await removeObjectLater(write, { key: old.objectKey, size: old.size }, now);
  } else {
    await write
      .insertInto("blobs")
      .values({ digest, created_at: now, ...row })
      // Never in the way of one that is there: the transaction would have seen it, or is made to start again.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await linkBlob(write, repositoryId, digest, now);
  return old?.objectKey;
}

/** Lets a repository have a blob that is stored, for a while at least: until a review finds that no manifest names it. */
export async function linkBlob(write: Writer, repositoryId: string, digest: string, now: number): Promise<void> {
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("blob_links")
    .values({ repository_id: repositoryId, digest, created_at: now, hidden_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 1n) await countLink(write, repositoryId, digest);
  else await revealBlobLinks(write, repositoryId, [digest]);
  await enqueueReviews(write, [{ kind: "blob", repositoryId, digest }], now);
}

/** Some repositories of a location that have a blob which their readers see. */
export async function listBlobHolders(read: Reader, location: string, digest: string, limit: number) {
  return await read
    .selectFrom("blob_links")
    .innerJoin("repositories", "repositories.id", "blob_links.repository_id")
    .innerJoin("projects", "projects.id", "repositories.project_id")
    .select(["projects.name as project", "repositories.name as image"])
    .where("blob_links.digest", "=", digest)
    .where("blob_links.hidden_at", "is", null)
    .where("repositories.location", "=", location)
    .where("projects.deleted_at", "is", null)
    .limit(limit)
    .execute();
}

/** Takes the blob from one repository; true when it was there. */
export async function unlinkBlob(write: Writer, repositoryId: string, digest: string, now: number): Promise<boolean> {
  const { numDeletedRows } = await write
    .deleteFrom("blob_links")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  if (numDeletedRows !== 1n) return false;
  await uncountLink(write, repositoryId, digest);
  const left = { repositoryId, digest };
  await enqueueReviews(
    write,
    [
      { kind: "blob", ...left },
      { kind: "repository", repositoryId, digest: "" },
    ],
    now,
  );
  return true;
}

/** Those of `digests` that the repository has no link to. */
export async function missingBlobs(read: Reader, repositoryId: string, digests: readonly string[]): Promise<string[]> {
  return await missingDigests(digests, (page) =>
    read
      .selectFrom("blob_links")
      .select("digest")
      .where("repository_id", "=", repositoryId)
      .where("digest", "in", page)
      .execute(),
  );
}
