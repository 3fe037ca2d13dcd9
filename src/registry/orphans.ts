import type { BlobStore, ObjectShelves } from "../storage/blobs/blob-store.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { unknownObjects } from "../storage/metadata/removed-objects.ts";

/**
 * Removes objects that no row knows: what a process left that ended between an object and its row. Answers how many.
 *
 * @param writtenBefore the start of this process; what is younger may be about to get its row
 */
export async function removeOrphans(
  { read }: Pick<Metadata, "read">,
  store: Pick<BlobStore, "delete"> & ObjectShelves,
  writtenBefore: number,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  for await (const keys of store.shelves()) {
    if (signal?.aborted) break;
    for (const key of await unknownObjects(read, keys)) {
      if (((await store.modifiedAt(key)) ?? writtenBefore) >= writtenBefore) continue;
      await store.delete(key);
      removed++;
    }
  }
  return removed;
}
