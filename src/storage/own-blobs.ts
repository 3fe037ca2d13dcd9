import type { BlobStore } from "./blobs/blob-store.ts";
import { listObjects } from "./metadata/objects.ts";
import type { Reader } from "./metadata/schema.ts";
import { storageTroubleOf } from "./storage-trouble.ts";

/** A store that has nothing of what the database knows. */
export class ForeignBlobsError extends Error {
  override name = "ForeignBlobsError";
  readonly code = "ForeignBlobs";
}

/** One or two may have been lost; of so many, one at least is there. */
const sampled = 5;
const sampledMin = 3;

/**
 * Refuses to go on with another store than the one that the database's blobs lie in: every blob that is asked for and not
 * found counts as damaged from then on. Throws ForeignBlobsError.
 */
export async function requireOwnBlobs(read: Reader, store: Pick<BlobStore, "stat">): Promise<void> {
  const objects = await listObjects(read, "", sampled);
  if (objects.length < sampledMin) return;
  try {
    for (const { key } of objects) if ((await store.stat(key)) !== undefined) return;
  } catch (error) {
    // It may come back; until then nothing is found missing.
    if (storageTroubleOf(error) === "away") return;
    throw error;
  }
  throw new ForeignBlobsError(
    "none of the blobs that the database knows lies there: is --blobs the place they lie in?",
  );
}
