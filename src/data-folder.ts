import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
 *   database           where an external database is, without a password; then there is no metadata.sqlite
 * ```
 *
 * With an external database and a store that nodes share, a folder is one node's own, and nothing in it is missed
 * when it is lost: the lock, the socket, the name of the database. The keys that sign are in the database.
 */
export interface DataFolder {
  readonly metadata: string;
  readonly objects: string;
  readonly controlSocket: string;
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

/** The name of the external database that a folder's node works on; undefined where the folder holds its own, or nothing. */
export function externalDatabaseOf(path: string): string | undefined {
  const file = join(resolve(path), "database");
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}

/**
 * Makes the folder where it does not exist and holds it for this process. Throws DataFolderError.
 *
 * @param database the name of the external database; absent for the folder's own
 */
export function openDataFolder(path: string, database?: string): DataFolder {
  const folder = resolve(path);
  refuseOtherDatabase(path, database);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(join(folder, ".gitignore"))) writeFileSync(join(folder, ".gitignore"), "*\n");
    if (database !== undefined) writeFileSync(join(folder, "database"), `${database}\n`);
  } catch (error) {
    throw new DataFolderError(`--data: ${folder} cannot be written: ${(error as Error).message}`);
  }
  const lock = hold(join(folder, "lock.sqlite"), folder);
  return {
    metadata: metadataFileOf(path),
    objects: objectsOf(path),
    controlSocket: controlSocketOf(path),
    release: () => lock.close(),
  };
}

/** Nobody is to find an empty installation where theirs was, because a setting was forgotten or added. */
function refuseOtherDatabase(path: string, database: string | undefined): void {
  const external = externalDatabaseOf(path);
  if (database === undefined && external !== undefined) {
    throw new DataFolderError(`--data: ${path} is of a node on ${external}: give --database or --database-file`);
  }
  if (database !== undefined && existsSync(metadataFileOf(path))) {
    throw new DataFolderError(
      `--data: ${path} holds an installation of its own, which --database would hide: give this node another folder`,
    );
  }
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
