import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { objectPath, syncFolder } from "../storage/blobs/filesystem.ts";
import type { BackupTarget } from "./backup.ts";
import { BackupError } from "./backup-error.ts";
import { tarEnd, tarHeader, tarPadding } from "./tar.ts";

/**
 * A backup as one tar archive: backup.json, metadata.sqlite, objects/KEY…; whole or not there. Throws BackupError where
 * the file exists.
 */
export async function openBackupFile(file: string, installationObjects: string): Promise<BackupTarget> {
  if (await stat(file).catch(() => undefined)) throw new BackupError(`${file} exists already`, "name another file");
  const [partial, snapshot] = [`${file}.partial`, `${file}.metadata`];
  await rm(snapshot, { force: true });
  const archive = await open(partial, "w", 0o600);
  let modifiedSeconds = 0;
  const add = async (name: string, size: number, bytes: AsyncIterable<Uint8Array>) => {
    await archive.writeFile(tarHeader(name, size, modifiedSeconds));
    for await (const piece of bytes) await archive.writeFile(piece);
    await archive.writeFile(tarPadding(size));
  };
  const addFile = async (name: string, path: string, size: number) =>
    // A file that grows meanwhile would shift all that follows.
    await add(name, size, size === 0 ? nothing() : createReadStream(path, { end: size - 1 }));
  return {
    snapshot,
    async begin(description) {
      modifiedSeconds = Date.parse(description.createdAt) / 1000;
      const text = Buffer.from(`${JSON.stringify(description, undefined, 2)}\n`);
      await add("backup.json", text.byteLength, once(text));
      await addFile("metadata.sqlite", snapshot, (await stat(snapshot)).size);
    },
    async put(key, size) {
      await addFile(`objects/${key}`, objectPath(installationObjects, key), size);
      return true;
    },
    async end() {
      await archive.writeFile(tarEnd);
      await archive.sync();
      await archive.close();
      await rename(partial, file);
      await syncFolder(dirname(file));
      await rm(snapshot, { force: true });
    },
    async abandon() {
      await archive.close().catch(() => {});
      for (const path of [partial, snapshot]) await rm(path, { force: true });
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
