import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * Where one installation lies, open to its owner only.
 *
 * ```
 * waybill-data/
 *   .gitignore         `*`
 *   lock.sqlite        held while a server runs here
 *   control.sock       the server's door for `waybill setup`, `gc`, `verify` and `backup`, for the folder's owner only
 *   metadata.sqlite    everything but the bytes of blobs
 *   objects/           the bytes of blobs
 * ```
 */
export interface DataFolder {
  readonly metadata: string;
  readonly objects: string;
  readonly controlSocket: string;
  /** Whether nothing was here before. */
  readonly isNew: boolean;
  release(): void;
}

/** A folder that cannot be used; the message says why. */
export class DataFolderError extends Error {
  override name = "DataFolderError";
}

/** Where `waybill setup` finds a running server. */
export function controlSocketOf(path: string): string {
  return join(resolve(path), "control.sock");
}

export function metadataFileOf(path: string): string {
  return join(resolve(path), "metadata.sqlite");
}

export function objectsOf(path: string): string {
  return join(resolve(path), "objects");
}

/** Makes the folder where it does not exist and holds it for this process. Throws DataFolderError. */
export function openDataFolder(path: string): DataFolder {
  const folder = resolve(path);
  const isNew = !existsSync(metadataFileOf(path));
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(join(folder, ".gitignore"))) writeFileSync(join(folder, ".gitignore"), "*\n");
  } catch (error) {
    throw new DataFolderError(`--data: ${folder} cannot be written: ${(error as Error).message}`);
  }
  const lock = hold(join(folder, "lock.sqlite"), folder);
  return {
    metadata: metadataFileOf(path),
    objects: objectsOf(path),
    controlSocket: controlSocketOf(path),
    isNew,
    release: () => lock.close(),
  };
}

/** SQLite's own file lock: the system frees it however the process ends. */
function hold(file: string, folder: string): Database {
  const lock = new Database(file, { create: true });
  try {
    lock.run("begin exclusive");
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
    throw new DataFolderError(`--data: another server runs on ${folder}: stop it, or give this one its own folder`);
  }
}
