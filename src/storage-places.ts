import type { Config } from "./config/config.ts";
import type { DataFolder } from "./data-folder.ts";
import { DatabaseError } from "./database-setting.ts";
import type { BlobStore, ObjectShelves } from "./storage/blobs/blob-store.ts";
import { openBlobs } from "./storage/blobs/open-blobs.ts";
import { databaseName } from "./storage/metadata/database-url.ts";
import type { Metadata } from "./storage/metadata/metadata.ts";
import { refuseMoved } from "./storage/metadata/moves.ts";
import { openSqlite } from "./storage/metadata/sqlite.ts";
import { requireOwnBlobs } from "./storage/own-blobs.ts";

/** What an installation is kept in. */
export interface StoragePlaces {
  readonly metadata: Metadata;
  readonly store: BlobStore & ObjectShelves;
}

/** Opens the database and the store that the settings name, else those of the data folder. Throws DatabaseError, MovedError, and what openBlobs throws. */
export async function openStorage(config: Config, folder: DataFolder): Promise<StoragePlaces> {
  const url = config.database?.reveal();
  const metadata = await (url === undefined ? openSqlite(folder.metadata) : openExternal(url));
  try {
    await refuseMoved(metadata.read);
    const store = await openBlobs(config, folder.objects, process.env);
    await requireOwnBlobs(metadata.read, store);
    return { metadata, store };
  } catch (error) {
    await metadata.close();
    throw error;
  }
}

/** An external database. Throws DatabaseError, which names it without its password. */
export async function openExternal(url: string): Promise<Metadata> {
  // Loaded only where it is used.
  const { openPostgres } = await import("./storage/metadata/postgres.ts");
  return await openPostgres(url).catch((error: Error & { code?: string }) => {
    const reason = error.message || error.code;
    throw new DatabaseError(`the database ${databaseName(url)} cannot be opened: ${reason}`, { cause: error });
  });
}
