import { existsSync } from "node:fs";
import { type Control, connectControl } from "./control-socket.ts";
import {
  controlSocketOf,
  DataFolderError,
  externalDatabaseOf,
  metadataFileOf,
  objectsOf,
  openDataFolder,
} from "./data-folder.ts";
import { SigningKeys } from "./identity/signing-keys.ts";
import { Garbage, graceMillisecondsDefault } from "./registry/garbage.ts";
import { previewGarbage } from "./registry/garbage-preview.ts";
import { Scrub } from "./registry/scrub.ts";
import type { BlobStore } from "./storage/blobs/blob-store.ts";
import { openBlobs } from "./storage/blobs/open-blobs.ts";
import { isAddress } from "./storage/blobs/s3-address.ts";
import type { Metadata } from "./storage/metadata/metadata.ts";
import type { Reader } from "./storage/metadata/schema.ts";
import { openSqlite, openSqliteReader } from "./storage/metadata/sqlite.ts";
import { reviveDeliveries } from "./storage/metadata/webhooks.ts";
import { requireOwnBlobs } from "./storage/own-blobs.ts";
import { openExternal } from "./storage-places.ts";

/**
 * An installation as its owner's commands see it, whether a server runs on it or not. Reading happens in the command's
 * own process; what changes something is asked of the server, where one runs.
 */
export interface Maintenance
  extends Pick<Control, "collectGarbage" | "quarantine" | "holdBytes" | "rotateKeys" | "retryWebhooks"> {
  readonly read: Reader;
  readonly store: BlobStore;
  /** The embedded database; absent where the installation has an external one. */
  readonly metadataFile: string | undefined;
  /** The folder of the blobs, or their S3 address. */
  readonly objectsFolder: string;
  close(): Promise<void>;
}

/** Where a command is to look, beside the data folder. */
export interface OtherPlaces {
  /** The URL of an external database. */
  readonly database?: string | undefined;
  /** The folder of the blobs, or their S3 address. */
  readonly blobs?: string | undefined;
  /** A file with credentials for S3. */
  readonly "blobs-credentials"?: string | undefined;
  /** False for work that touches no blob. */
  readonly needsBlobs?: boolean;
}

/**
 * Throws DataFolderError where there is no installation, or where a server runs that cannot be spoken to; DatabaseError where
 * an external database cannot be opened.
 */
export async function openMaintenance(data: string, now: () => number, other: OtherPlaces = {}): Promise<Maintenance> {
  const [metadataFile, objectsFolder] = [metadataFileOf(data), other.blobs ?? objectsOf(data)];
  if (other.database !== undefined)
    return await openNode(data, { ...other, database: other.database, blobs: objectsFolder }, now);
  const external = externalDatabaseOf(data);
  if (external !== undefined) {
    throw new DataFolderError(`${data} is of a node on ${external}: give --database-file, or set WAYBILL_DATABASE`);
  }
  if (!existsSync(metadataFile)) throw new DataFolderError(`${data} holds no installation`);
  const store = await openStore(other, objectsFolder);
  const control = await runningServer(data);
  const common = { store, metadataFile, objectsFolder };
  if (!control) return await withOwnBlobs({ ...common, ...(await openAlone(data, store, now)) });
  const { read, close } = openSqliteReader(metadataFile);
  return await withOwnBlobs({ ...common, ...control, read, close: async () => close() });
}

/** What is wrong with the place is said in one line. */
async function openStore(other: OtherPlaces, objectsFolder: string): Promise<BlobStore> {
  return await openBlobs(other, objectsFolder, process.env).catch((error: Error) => {
    throw new DataFolderError(/^--/.test(error.message) ? error.message : `--blobs: ${error.message}`);
  });
}

/** In a wrong place every blob would be missing, and count as damaged. */
async function withOwnBlobs(place: Maintenance): Promise<Maintenance> {
  await requireOwnBlobs(place.read, place.store).catch(async (error: Error) => {
    await place.close();
    throw new DataFolderError(error.message);
  });
  return place;
}

/** A socket may be left of a server that was killed: then nobody answers. */
async function runningServer(data: string): Promise<Control | undefined> {
  const socket = controlSocketOf(data);
  if (!existsSync(socket)) return undefined;
  const control = connectControl(socket);
  return await control.holdBytes(0).then(
    () => control,
    () => undefined,
  );
}

async function openAlone(data: string, store: BlobStore, now: () => number) {
  const folder = openDataFolder(data);
  const metadata = await openSqlite(folder.metadata);
  return workOn(metadata, store, now, async () => {
    await metadata.close();
    folder.release();
  });
}

/** An external database takes a command beside its nodes: what one of them must know of is asked of that which runs here. */
async function openNode(
  data: string,
  { database, blobs, needsBlobs = true, ...other }: OtherPlaces & { database: string; blobs: string },
  now: () => number,
): Promise<Maintenance> {
  if (existsSync(metadataFileOf(data))) {
    throw new DataFolderError(`${data} holds an installation of its own: name another --data, or no database`);
  }
  if (needsBlobs && !isAddress(blobs) && !existsSync(blobs)) {
    throw new DataFolderError(`there are no blobs in ${blobs}: give --blobs`);
  }
  const store = needsBlobs ? await openStore({ ...other, blobs }, blobs) : undefined;
  const metadata = await openExternal(database);
  const control = await runningServer(data);
  const alone = workOn(metadata, store ?? noBlobs, now, () => metadata.close());
  const place = { ...alone, ...control, store: store ?? noBlobs, metadataFile: undefined, objectsFolder: blobs };
  return store ? await withOwnBlobs(place) : place;
}

/** For work that touches no blob. */
const noBlobs = new Proxy({} as BlobStore, {
  get() {
    throw new Error("this command was given no blobs");
  },
});

function workOn(metadata: Metadata, store: BlobStore, now: () => number, close: () => Promise<void>) {
  const garbage = new Garbage(metadata, store, { graceMilliseconds: graceMillisecondsDefault }, now);
  const scrub = new Scrub(metadata, store, now);
  return {
    read: metadata.read,
    collectGarbage: (dryRun: boolean) => (dryRun ? previewGarbage(metadata, garbage, now()) : garbage.collect()),
    quarantine: (digest: string, objectKey: string, reason: string) => scrub.quarantine(digest, objectKey, reason),
    holdBytes: async (milliseconds: number) => garbage.holdBytes(milliseconds),
    retryWebhooks: (eventId: string | undefined) => metadata.write((write) => reviveDeliveries(write, eventId, now())),
    rotateKeys: async (revokeOld: boolean) => await (await SigningKeys.open(metadata, now)).rotate({ revokeOld }),
    close,
  };
}
