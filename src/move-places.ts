import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { DataFolderError, metadataFileOf, objectsOf, openDataFolder } from "./data-folder.ts";
import { MoveError, type MovePlace } from "./operations/moving/move.ts";
import type { BlobStore } from "./storage/blobs/blob-store.ts";
import { openFilesystemBlobs } from "./storage/blobs/filesystem.ts";
import { isAddress } from "./storage/blobs/s3-address.ts";
import { objectName } from "./storage/blobs/s3-unfinished.ts";
import { databaseName } from "./storage/metadata/database-url.ts";
import { migrationNames } from "./storage/metadata/migrate.ts";
import { readMigrations, readShapes, type TableShape } from "./storage/metadata/moving/table-shape.ts";
import { openPostgresTables, openSqliteTables, type Tables } from "./storage/metadata/moving/tables.ts";
import { openPostgres } from "./storage/metadata/postgres.ts";
import { openSqlite } from "./storage/metadata/sqlite.ts";

/** Where an installation lies, as `waybill serve` is told. */
export interface PlaceSettings {
  readonly data: string;
  /** `postgres://…`; undefined for the data folder's own. */
  readonly database?: string | undefined;
  /** A folder or `s3://…`; undefined for the data folder's own. */
  readonly blobs?: string | undefined;
  /** A file with credentials for S3. */
  readonly credentials?: string | undefined;
}

export interface OpenedPlace extends MovePlace {
  /** What tells whether two places have their objects in the same store. */
  readonly blobs: string;
  readonly shapes: readonly TableShape[];
  close(): Promise<void>;
}

/** Opens the place that an installation is moved from, beside the servers that run on it. Throws MoveError. */
export async function openMoveSource(settings: PlaceSettings): Promise<OpenedPlace> {
  const { data, database } = settings;
  if (database === undefined && !existsSync(metadataFileOf(data))) {
    throw new MoveError(`${data} holds no installation`, "name the one that is to be moved: --data=DIR");
  }
  const tables = database
    ? await reached(database, () => openPostgresTables(database))
    : openSqliteTables(metadataFileOf(data), { foreignKeys: true });
  try {
    await requireThisVersion(tables);
    return await placeOf(settings, tables, () => tables.close());
  } catch (error) {
    await tables.close();
    throw error;
  }
}

/** Opens the place that an installation is moved to, making it where there is none, for this process alone. Throws MoveError. */
export async function openMoveTarget(settings: PlaceSettings): Promise<OpenedPlace> {
  const { data, database } = settings;
  if (database !== undefined) {
    await (await reached(database, () => openPostgres(database))).close();
    const tables = await openPostgresTables(database);
    if (await tables.hold()) return await placeOf(settings, tables, () => tables.close());
    await tables.close();
    throw new MoveError(`somebody else moves an installation to ${nameOf(settings)}`, "wait until that has ended");
  }
  const folder = await asMoveError(() => openDataFolder(data));
  try {
    await (await openSqlite(folder.metadata)).close();
    const tables = openSqliteTables(folder.metadata, { foreignKeys: false });
    return await placeOf(settings, tables, async () => {
      await tables.close();
      folder.release();
    });
  } catch (error) {
    folder.release();
    throw error;
  }
}

async function placeOf(settings: PlaceSettings, tables: Tables, close: () => Promise<void>): Promise<OpenedPlace> {
  const [blobs, shapes] = [blobsOf(settings), await readShapes(tables)];
  const store = await openStore(blobs, settings.credentials);
  return { name: nameOf(settings), tables, store, blobs, shapes, close };
}

/** A bucket's objects keep the keys that they had elsewhere: rows name them. Throws MoveError. */
async function openStore(blobs: string, credentials: string | undefined): Promise<BlobStore> {
  if (!isAddress(blobs)) return await openFilesystemBlobs(blobs);
  const { s3Connection } = await import("./storage/blobs/open-s3.ts");
  const { S3Blobs } = await import("./storage/blobs/s3.ts");
  try {
    const store = new S3Blobs(s3Connection(blobs, credentials, process.env), objectName);
    await store.probe();
    return store;
  } catch (error) {
    throw new MoveError((error as Error).message, "see docs/moving.md for the address and the credentials", {
      cause: error,
    });
  }
}

/** A folder by its whole path: two names of one place are one. */
function blobsOf({ data, blobs }: PlaceSettings): string {
  return blobs !== undefined && isAddress(blobs) ? blobs : resolve(blobs ?? objectsOf(data));
}

/** Without the password. */
function nameOf(settings: PlaceSettings): string {
  const { data, database, blobs } = settings;
  if (database === undefined) return blobs === undefined ? resolve(data) : `${resolve(data)} with ${blobsOf(settings)}`;
  return `${databaseName(database)} with ${blobsOf(settings)}`;
}

async function requireThisVersion(tables: Tables): Promise<void> {
  const [there, ours] = [await readMigrations(tables), [...migrationNames]];
  if (there.length === 0) throw new MoveError("there is no installation", "waybill serve makes one at its first start");
  if (there.join() === ours.join()) return;
  throw new MoveError(
    "the installation is of another version than this program",
    "start this version's server on it once, or use the program that serves it",
  );
}

/** What cannot be reached is told in one line, without the password. */
async function reached<Result>(database: string, open: () => Promise<Result>): Promise<Result> {
  try {
    return await open();
  } catch (error) {
    throw new MoveError(
      `the database ${databaseName(database)} cannot be used: ${(error as Error).message}`,
      "look at it with psql",
      {
        cause: error,
      },
    );
  }
}

async function asMoveError<Result>(open: () => Result): Promise<Result> {
  try {
    return open();
  } catch (error) {
    if (error instanceof DataFolderError)
      throw new MoveError(error.message, "name another --to-data", { cause: error });
    throw error;
  }
}
