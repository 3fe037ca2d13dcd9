import { createReadStream } from "node:fs";
import { copyFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openFilesystemBlobs } from "../storage/blobs/filesystem.ts";
import { type BackupDescription, parseDescription } from "./backup-description.ts";
import { BackupError } from "./backup-error.ts";
import { describeFolder } from "./backup-folder.ts";
import { readTar, type TarEntry } from "./tar.ts";

/** A backup being read, from front to back. */
export interface BackupSource {
  readonly description: BackupDescription;
  /** Writes the copy of the database into a file. To be called first. */
  copyMetadata(to: string): Promise<void>;
  /** Every object, once; each must be read before the next is asked for. */
  objects(): AsyncIterable<{ readonly key: string; bytes(): AsyncIterable<Uint8Array> }>;
}

/** Throws BackupError where the path is no backup. */
export async function openBackup(path: string): Promise<BackupSource> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new BackupError(`there is no backup ${path}`, "waybill backup FILE|DIR makes one");
  return found.isDirectory() ? await openFolder(path) : await openFile(path);
}

async function openFolder(folder: string): Promise<BackupSource> {
  const description = describeFolder(folder);
  if (!description) throw noBackup(folder);
  const store = await openFilesystemBlobs(join(folder, "objects"));
  return {
    description,
    copyMetadata: (to) => copyFile(join(folder, "metadata.sqlite"), to),
    async *objects() {
      for await (const keys of store.shelves()) {
        for (const key of keys)
          yield { key, bytes: () => createReadStream(join(folder, "objects", key.slice(0, 2), key)) };
      }
    },
  };
}

async function openFile(file: string): Promise<BackupSource> {
  const entries = readTar(createReadStream(file));
  const description = parseDescription(await textOf(await next(entries, "backup.json", file)));
  if (!description) throw noBackup(file);
  return {
    description,
    async copyMetadata(to) {
      const metadata = await next(entries, "metadata.sqlite", file);
      await writeFile(to, metadata.bytes(), { mode: 0o600 });
    },
    async *objects() {
      for await (const entry of entries) {
        const key = /^objects\/([0-9a-f]{32})$/.exec(entry.name)?.[1];
        if (key !== undefined) yield { key, bytes: () => entry.bytes() };
      }
    },
  };
}

async function next(entries: AsyncGenerator<TarEntry>, name: string, file: string): Promise<TarEntry> {
  const { value } = await entries.next().catch(() => ({ value: undefined }));
  if (value?.name !== name) throw noBackup(file);
  return value;
}

async function textOf(entry: TarEntry): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of entry.bytes()) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function noBackup(path: string): BackupError {
  return new BackupError(
    `${path} is no backup of Waybill, or was not written whole`,
    "waybill backup FILE|DIR makes one",
  );
}
