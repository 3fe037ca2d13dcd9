import { constants, existsSync, readFileSync } from "node:fs";
import { copyFile, link, mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { objectPath, openFilesystemBlobs, syncFolder } from "../storage/blobs/filesystem.ts";
import { knownObjects } from "../storage/metadata/objects.ts";
import type { Reader } from "../storage/metadata/schema.ts";
import type { BackupTarget } from "./backup.ts";
import { type BackupDescription, parseDescription } from "./backup-description.ts";
import { BackupError } from "./backup-error.ts";

/**
 * A backup as a folder, which the next backup into it brings up to date.
 *
 * ```
 * DIR/
 *   backup.json        what this is
 *   metadata.sqlite    the database at one moment
 *   objects/3f/3f9a…   the bytes of every blob in it; on the same disk as the installation these are second names of its
 *                      own files, which cost no room
 * ```
 *
 * Throws BackupError where the folder is something else.
 */
export async function openBackupFolder(folder: string, installationObjects: string): Promise<BackupTarget> {
  await requireOwnOrEmpty(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const objects = join(folder, "objects");
  const store = await openFilesystemBlobs(objects);
  const snapshot = join(folder, "metadata.sqlite.new");
  await rm(snapshot, { force: true });
  return {
    snapshot,
    begin: (description) => requireSameInstallation(folder, description),
    async put(key, size) {
      if ((await store.stat(key)) === size) return false;
      await linkOrCopy(objectPath(installationObjects, key), objectPath(objects, key));
      return true;
    },
    async end(description, read) {
      for await (const keys of store.shelves()) if (keys[0]) await syncFolder(dirname(objectPath(objects, keys[0])));
      await syncFile(snapshot);
      await rename(snapshot, join(folder, "metadata.sqlite"));
      await writeFile(join(folder, "backup.json"), `${JSON.stringify(description, undefined, 2)}\n`, { mode: 0o600 });
      await syncFile(join(folder, "backup.json"));
      await syncFolder(folder);
      await removeOthers(store, read);
    },
    abandon: () => rm(snapshot, { force: true }),
  };
}

/** What a folder says of itself; undefined for one that is no backup. */
export function describeFolder(folder: string): BackupDescription | undefined {
  const file = join(folder, "backup.json");
  return existsSync(file) ? parseDescription(readFileSync(file, "utf8")) : undefined;
}

async function requireOwnOrEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error) => {
    if (error.code === "ENOENT") return [];
    throw new BackupError(`${folder} cannot be used: ${error.message}`, "name a folder, or a file that ends in .tar");
  });
  const began = names.every((name) => name === "objects" || name === "metadata.sqlite.new");
  if (began || describeFolder(folder)) return;
  throw new BackupError(`${folder} has other things in it`, "name an empty folder, or one with an earlier backup");
}

async function requireSameInstallation(folder: string, { installation }: BackupDescription): Promise<void> {
  const there = describeFolder(folder);
  if (there === undefined || there.installation === installation) return;
  throw new BackupError(`${folder} has a backup of another installation`, "name another folder");
}

/** Objects never change, so a second name is as good as a copy, until the disk itself fails. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  try {
    await link(from, to);
  } catch {
    const partial = `${to}.partial`;
    await copyFile(from, partial, constants.COPYFILE_FICLONE);
    await syncFile(partial);
    await rename(partial, to);
  }
}

/** Objects that only an earlier backup needed. */
async function removeOthers(store: Awaited<ReturnType<typeof openFilesystemBlobs>>, read: Reader): Promise<void> {
  for await (const keys of store.shelves()) {
    const known = await knownObjects(read, keys);
    for (const key of keys) if (!known.has(key)) await store.delete(key);
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  await file.sync().finally(() => file.close());
}

/** Whether the path is a folder, or could become one. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? !path.endsWith(".tar");
}
