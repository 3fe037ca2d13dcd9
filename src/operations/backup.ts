import type { BlobStore } from "../storage/blobs/blob-store.ts";
import { readInstallation } from "../storage/metadata/installation.ts";
import { listObjects } from "../storage/metadata/objects.ts";
import type { Reader } from "../storage/metadata/schema.ts";
import { countBlobs } from "../storage/metadata/scrub.ts";
import { openSqliteReader } from "../storage/metadata/sqlite.ts";
import { copySqlite } from "../storage/metadata/sqlite-copy.ts";
import type { BackupDescription } from "./backup-description.ts";
import type { OnProgress } from "./verify.ts";

/** Where a backup is written: a folder, or one file. */
export interface BackupTarget {
  /** Where the copy of the database is to be made first. */
  readonly snapshot: string;
  /** Called once the copy is there. */
  begin(description: BackupDescription): Promise<void>;
  /** Takes an object; true where it was not there yet. */
  put(key: string, size: number): Promise<boolean>;
  /** Everything is there: the backup becomes valid, and is on disk. */
  end(description: BackupDescription, read: Reader): Promise<void>;
  /** Something went wrong: what was begun goes, an older backup stays. */
  abandon(): Promise<void>;
}

/** What is asked of the installation that is backed up. */
export interface BackedUp {
  readonly metadataFile: string;
  readonly store: Pick<BlobStore, "stat">;
  /** Keeps the bytes of what garbage collection removes for so long. */
  holdBytes(milliseconds: number): Promise<void>;
}

export interface BackupReport extends BackupDescription {
  /** Blobs that an earlier backup in the same place did not have. */
  readonly newBlobs: number;
  /** Digests of blobs that are damaged in the installation itself, and are in the backup as rows only. */
  readonly damaged: readonly string[];
}

const objectsPerPage = 200;
/** Renewed with every page. */
const holdMilliseconds = 30 * 60_000;

/** Backs up an installation while it runs: the database as it is at one moment, and the object of every row in it. */
export async function backUp(
  place: BackedUp,
  target: BackupTarget,
  now: () => number,
  onProgress: OnProgress,
): Promise<BackupReport> {
  try {
    await place.holdBytes(holdMilliseconds);
    copySqlite(place.metadataFile, target.snapshot);
    const { read, close } = openSqliteReader(target.snapshot);
    try {
      const description = await describe(read, now);
      await target.begin(description);
      const objects = await putObjects(place, target, read, description.bytes, onProgress);
      await target.end(description, read);
      return { ...description, ...objects };
    } finally {
      close();
      await place.holdBytes(0);
    }
  } catch (error) {
    await target.abandon();
    throw error;
  }
}

async function describe(read: Reader, now: () => number): Promise<BackupDescription> {
  const installation = (await readInstallation(read)).get("id") ?? "";
  const createdAt = new Date(now()).toISOString();
  return { format: "waybill-backup-1", installation, createdAt, ...(await countBlobs(read)) };
}

async function putObjects(
  { store, holdBytes }: BackedUp,
  target: BackupTarget,
  read: Reader,
  total: number,
  onProgress: OnProgress,
) {
  const damaged: string[] = [];
  let [newBlobs, done, after] = [0, 0, ""];
  for (;;) {
    await holdBytes(holdMilliseconds);
    const page = await listObjects(read, after, objectsPerPage);
    for (const { key, digest, size } of page) {
      if ((await store.stat(key)) !== size) damaged.push(digest);
      else if (await target.put(key, size)) newBlobs++;
      done += size;
      onProgress(done, total);
    }
    after = page.at(-1)?.key ?? after;
    if (page.length < objectsPerPage) return { newBlobs, damaged };
  }
}
