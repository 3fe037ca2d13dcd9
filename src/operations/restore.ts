import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { algorithmOf, type Digest } from "../registry/digest.ts";
import { openFilesystemBlobs, syncFolder } from "../storage/blobs/filesystem.ts";
import { listObjects } from "../storage/metadata/objects.ts";
import type { Reader } from "../storage/metadata/schema.ts";
import { findBlobOfObject } from "../storage/metadata/scrub.ts";
import { openSqliteReader } from "../storage/metadata/sqlite.ts";
import { checkSqlite, markRestored } from "../storage/metadata/sqlite-copy.ts";
import type { BackupDescription } from "./backup-description.ts";
import { BackupError } from "./backup-error.ts";
import type { BackupSource } from "./backup-source.ts";
import type { OnProgress } from "./verify.ts";

export interface RestoreReport extends BackupDescription {
  /** The restored installation's id: another one, unless it takes the original's place. */
  readonly id: string;
  /** Digests of blobs that are missing or damaged in the backup; refused until they are pushed again. */
  readonly damaged: readonly string[];
}

export interface RestoreSettings {
  /** Where the database is to lie; an empty data folder around it. */
  readonly metadataFile: string;
  readonly objectsFolder: string;
  /** Whether the installation that was backed up is gone for good, and this one goes on in its place. */
  readonly replacesOriginal: boolean;
}

type Store = Awaited<ReturnType<typeof openFilesystemBlobs>>;

/**
 * Makes an installation of a backup. Every byte is compared with its digest on the way. The database comes last, so that
 * a restore which was interrupted leaves no installation, and can be done again.
 */
export async function restore(
  source: BackupSource,
  { metadataFile, objectsFolder, replacesOriginal }: RestoreSettings,
  now: () => number,
  onProgress: OnProgress,
): Promise<RestoreReport> {
  const metadata = `${metadataFile}.restoring`;
  await rm(metadata, { force: true });
  await source.copyMetadata(metadata);
  const problems = checkSqlite(metadata);
  if (problems.length > 0) {
    await rm(metadata, { force: true });
    throw new BackupError(`the backup's database is damaged: ${problems[0]}`, "restore another backup");
  }
  const damaged = await restoreObjects(source, metadata, objectsFolder, onProgress);
  const id = replacesOriginal ? source.description.installation : randomUUID();
  markRestored(metadata, { at: now(), ...(!replacesOriginal && { newId: id }) }, damaged);
  const file = await open(metadata, "r");
  await file.sync().finally(() => file.close());
  await rename(metadata, metadataFile);
  await syncFolder(dirname(metadataFile));
  return { ...source.description, id, damaged };
}

/** Answers the digests of what is damaged or missing. */
async function restoreObjects(
  { description, objects }: BackupSource,
  metadata: string,
  objectsFolder: string,
  onProgress: OnProgress,
): Promise<string[]> {
  const store = await openFilesystemBlobs(objectsFolder);
  const { read, close } = openSqliteReader(metadata);
  try {
    const damaged = new Set<string>();
    let done = 0;
    for await (const { key, bytes } of objects()) {
      const blob = await findBlobOfObject(read, key);
      if (!blob) continue;
      const isGood = await restoreObject(store, key, blob.digest, bytes(), (count) => {
        done += count;
        onProgress(Math.min(done, description.bytes), description.bytes);
      });
      if (!isGood) damaged.add(blob.digest);
    }
    for (const digest of await missing(read, store)) damaged.add(digest);
    return [...damaged];
  } finally {
    close();
  }
}

async function restoreObject(
  store: Store,
  key: string,
  digest: string,
  bytes: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): Promise<boolean> {
  const algorithm = algorithmOf(digest as Digest);
  const hasher = new Bun.CryptoHasher(algorithm);
  const writer = await store.append(key, 0);
  let size = 0;
  try {
    for await (const piece of bytes) {
      size += piece.byteLength;
      hasher.update(piece);
      await writer.write([piece]);
      onBytes(piece.byteLength);
    }
  } finally {
    await writer.close();
  }
  await store.commit(key, size);
  return `${algorithm}:${hasher.digest("hex")}` === digest;
}

/** Blobs whose object the backup did not have whole. */
async function missing(read: Reader, store: Store): Promise<string[]> {
  const digests: string[] = [];
  const pageSize = 500;
  for (let after = ""; ; ) {
    const page = await listObjects(read, after, pageSize);
    for (const { key, digest, size } of page) if ((await store.stat(key)) !== size) digests.push(digest);
    after = page.at(-1)?.key ?? after;
    if (page.length < pageSize) return digests;
  }
}
