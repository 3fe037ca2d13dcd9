import { rmSync, writeFileSync } from "node:fs";
import type { BlobStore, ObjectShelves } from "../../../src/storage/blobs/blob-store.ts";
import { objectPath, openFilesystemBlobs } from "../../../src/storage/blobs/filesystem.ts";
import { openS3Blobs, s3Connection } from "../../../src/storage/blobs/open-s3.ts";
import { S3Bucket } from "../../../src/storage/blobs/s3-bucket.ts";

/** A bucket that every test of this process is to use, each a part of its own, instead of a folder: `s3://BUCKET?endpoint=…`. */
const bucket = process.env.WAYBILL_TEST_BLOBS;

/** Whether the tests run over a bucket: those that touch the files of a folder have none. */
export const onS3 = bucket !== undefined;

const addresses = new Map<string, string>();

/** An empty store: the folder, unless the tests run over S3. */
export async function openTestBlobs(folder: string): Promise<BlobStore & ObjectShelves> {
  if (bucket === undefined) return await openFilesystemBlobs(folder);
  const address = bucket.replace("?", `/${crypto.randomUUID()}?`);
  addresses.set(folder, address);
  return await openS3Blobs(address, undefined, process.env);
}

/** Writes something else over an object, behind the store's back; undefined removes it. */
export async function overwriteObject(folder: string, key: string, content: string | undefined): Promise<void> {
  const address = addresses.get(folder);
  if (address === undefined) {
    if (content === undefined) rmSync(objectPath(folder, key));
    else writeFileSync(objectPath(folder, key), content);
    return;
  }
  const objects = new S3Bucket(s3Connection(address, undefined, process.env));
  if (content === undefined) await objects.delete(`objects/${key}`);
  else await objects.put(`objects/${key}`, new Uint8Array(Buffer.from(content)));
}
