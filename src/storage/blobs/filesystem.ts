import { statSync } from "node:fs";
import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type BlobStore, isObjectKey, type ObjectShelves, type ObjectWriter } from "./blob-store.ts";

const shelfNames = Array.from({ length: 256 }, (_, prefix) => prefix.toString(16).padStart(2, "0"));

/**
 * Objects as files of a folder.
 *
 * ```
 * objects/
 *   3f/                the key's first two digits, all 256 made at the start
 *     3f9a…c2          one object: the bytes of one blob, or of an upload that is not finished
 * ```
 *
 * @param folder made where it does not exist
 */
export async function openFilesystemBlobs(folder: string): Promise<BlobStore & ObjectShelves> {
  for (const name of shelfNames) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  await syncFolder(folder);
  const shelf = (key: string) => dirname(objectPath(folder, key));
  const path = (key: string) => objectPath(folder, key);
  /** Objects of which the disk did not take something, with what it said. */
  const lost = new Map<string, unknown>();
  // On the event loop: 2 µs from the kernel's memory, where the way to another thread and back costs 50.
  const sizeOf = (key: string) => statSync(path(key), { throwIfNoEntry: false })?.size;
  const remove = async (key: string) => {
    await rm(path(key), { force: true });
    lost.delete(key);
  };
  return {
    readsUnfinished: true,
    isShared: false,
    atOnce: { size: sizeOf, read: (key) => Bun.file(path(key)) },
    async stat(key) {
      return sizeOf(key);
    },
    async read(key, start, end) {
      const file = Bun.file(path(key));
      return start === undefined ? file : file.slice(start, end);
    },
    async resumeAt(key, size) {
      return size === 0 ? 0 : Math.min(sizeOf(key) ?? 0, size);
    },
    append: (key, size) => openWriter(path(key), size, (cause) => lost.set(key, cause)),
    async commit(key) {
      if (lost.has(key)) throw new Error(`bytes of object ${key} did not reach the disk`, { cause: lost.get(key) });
      const file = await open(path(key), "r");
      const synced = file.sync().catch((cause) => {
        // The next sync would go well: the system has forgotten what it could not write.
        lost.set(key, cause);
        throw cause;
      });
      await Promise.all([synced.finally(() => file.close()), syncFolder(shelf(key))]);
      return { key, isOurs: true, settled };
    },
    abandon: remove,
    delete: remove,
    async *shelves() {
      for (const name of shelfNames) yield (await readdir(join(folder, name))).filter(isObjectKey);
    },
    async modifiedAt(key) {
      return (await stat(path(key)).catch(() => undefined))?.mtimeMs;
    },
    // They lie among the others.
    async *unfinished() {},
    async sweep() {},
  };
}

/** Nothing lies beside an object. */
async function settled(): Promise<void> {}

/** Where an object lies in a folder of objects. */
export function objectPath(folder: string, key: string): string {
  return join(folder, key.slice(0, 2), key);
}

/** So much is worth a sync of its own. */
const earlySyncBytes = 16 * 1024 * 1024;

/** @param onLoss told when the disk did not take what was written: the system says so once, to whoever syncs first */
async function openWriter(path: string, size: number, onLoss: (cause: unknown) => void): Promise<ObjectWriter> {
  const file = await open(path, size === 0 ? "w" : "r+", 0o600);
  if (size > 0) await file.truncate(size);
  let position = size;
  let synced = size;
  let syncing: Promise<void> | undefined;
  /** The disk begins while more arrives, so that the commit waits for the rest only. */
  const syncEarly = () => {
    synced = position;
    syncing = file
      .datasync()
      .catch(onLoss)
      .finally(() => {
        syncing = undefined;
      });
  };
  return {
    async write(pieces) {
      for (let left = pieces; left.length > 0; ) {
        const { bytesWritten } = await file.writev(left, position);
        position += bytesWritten;
        left = beyond(left, bytesWritten);
      }
      if (!syncing && position - synced >= earlySyncBytes) syncEarly();
    },
    async close() {
      await syncing;
      await file.close();
    },
  };
}

/** The pieces without their first `bytes` bytes: a disk may take fewer than it was given. */
function beyond(pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skipped = 0;
  for (const [index, piece] of pieces.entries()) {
    if (skipped + piece.byteLength > bytes) return [piece.subarray(bytes - skipped), ...pieces.slice(index + 1)];
    skipped += piece.byteLength;
  }
  return [];
}

/** A new name in a folder is on disk only after the folder was synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
