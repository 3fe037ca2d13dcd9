import { existsSync } from "node:fs";
import { type Control, connectControl } from "./control-socket.ts";
import { controlSocketOf, DataFolderError, metadataFileOf, objectsOf, openDataFolder } from "./data-folder.ts";
import { SigningKeys } from "./identity/signing-keys.ts";
import { Garbage, graceMillisecondsDefault } from "./registry/garbage.ts";
import { previewGarbage } from "./registry/garbage-preview.ts";
import { Scrub } from "./registry/scrub.ts";
import type { BlobStore } from "./storage/blobs/blob-store.ts";
import { openFilesystemBlobs } from "./storage/blobs/filesystem.ts";
import type { Reader } from "./storage/metadata/schema.ts";
import { openSqlite, openSqliteReader } from "./storage/metadata/sqlite.ts";

/**
 * An installation as its owner's commands see it, whether a server runs on it or not. Reading happens in the command's
 * own process; what changes something is asked of the server, where one runs.
 */
export interface Maintenance extends Pick<Control, "collectGarbage" | "quarantine" | "holdBytes" | "rotateKeys"> {
  readonly read: Reader;
  readonly store: BlobStore;
  readonly metadataFile: string;
  readonly objectsFolder: string;
  close(): Promise<void>;
}

/** Throws DataFolderError where there is no installation, or where a server runs that cannot be spoken to. */
export async function openMaintenance(data: string, now: () => number): Promise<Maintenance> {
  const [metadataFile, objectsFolder] = [metadataFileOf(data), objectsOf(data)];
  if (!existsSync(metadataFile)) throw new DataFolderError(`${data} holds no installation`);
  const store = await openFilesystemBlobs(objectsFolder);
  const control = await runningServer(data);
  const common = { store, metadataFile, objectsFolder };
  if (!control) return { ...common, ...(await openAlone(data, store, now)) };
  const { read, close } = openSqliteReader(metadataFile);
  return { ...common, ...control, read, close: async () => close() };
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
  const garbage = new Garbage(metadata, store, { graceMilliseconds: graceMillisecondsDefault }, now);
  const scrub = new Scrub(metadata, store, now);
  return {
    read: metadata.read,
    collectGarbage: (dryRun: boolean) => (dryRun ? previewGarbage(metadata, garbage, now()) : garbage.collect()),
    quarantine: (digest: string, objectKey: string, reason: string) => scrub.quarantine(digest, objectKey, reason),
    holdBytes: async (milliseconds: number) => garbage.holdBytes(milliseconds),
    rotateKeys: async (revokeOld: boolean) => await (await SigningKeys.open(metadata, now)).rotate({ revokeOld }),
    async close() {
      await metadata.close();
      folder.release();
    },
  };
}
