import type { BlobStore, ObjectShelves } from "../storage/blobs/blob-store.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { unknownObjects } from "../storage/metadata/removed-objects.ts";

/** Other nodes and their clients are at work for so long with what has no row yet. */
const othersMilliseconds = 2 * 24 * 60 * 60 * 1000;

/**
 * Removes objects that no row knows, finished or not: what a process left that ended between an object and its row.
 * Answers how many.
 *
 * @param startedAt of this process; what is younger may be about to get its row
 */
export async function removeOrphans(
  { read }: Pick<Metadata, "read">,
  store: Pick<BlobStore, "delete" | "abandon"> & ObjectShelves,
  startedAt: number,
  signal?: AbortSignal,
): Promise<number> {
  const writtenBefore = store.isShared ? startedAt - othersMilliseconds : startedAt;
  let removed = 0;
  for await (const keys of store.shelves()) {
    if (signal?.aborted) break;
    for (const key of await unknownObjects(read, keys)) {
      if (((await store.modifiedAt(key)) ?? writtenBefore) >= writtenBefore) continue;
      await store.delete(key);
      removed++;
    }
  }
  for await (const keys of store.unfinished()) {
    if (signal?.aborted) break;
    for (const key of await unknownObjects(read, keys)) {
      await store.abandon(key);
      removed++;
    }
  }
  if (!signal?.aborted) await store.sweep(writtenBefore);
  return removed;
}
