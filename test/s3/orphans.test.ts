import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeOrphans } from "../../src/registry/orphans.ts";
import { Uploads } from "../../src/registry/uploads.ts";
import { type BlobStore, newObjectKey } from "../../src/storage/blobs/blob-store.ts";
import { openS3Blobs, s3Connection } from "../../src/storage/blobs/open-s3.ts";
import { S3Bucket } from "../../src/storage/blobs/s3-bucket.ts";
import type { Metadata } from "../../src/storage/metadata/metadata.ts";
import { insertProject } from "../../src/storage/metadata/projects.ts";
import { openSqlite } from "../../src/storage/metadata/sqlite.ts";
import { insertUpload } from "../../src/storage/metadata/uploads.ts";
import { radosgwMissing, sharedRadosgw } from "../radosgw.ts";

setDefaultTimeout(180_000);

const day = 24 * 60 * 60 * 1000;
const mebibyte = 1024 * 1024;
const missing = radosgwMissing();
if (missing) console.error(`${missing}: what is left over in S3`);

describe.skipIf(missing !== undefined)(`what is left over in S3${missing ? ` (${missing})` : ""}`, () => {
  let folder: string;
  let metadata: Metadata;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "waybill-left-over-"));
    metadata = await openSqlite(join(folder, "metadata.sqlite"));
    const project = { id: "1", name: "my-project", displayName: "", createdAt: 0 };
    await metadata.write((write) => insertProject(write, project));
  });
  afterAll(async () => {
    await metadata?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  /** A bucket of its own, the store in it, and what is in it. */
  async function place() {
    const { endpoint, env, bucket } = await sharedRadosgw();
    const address = `s3://${await bucket()}/part?endpoint=${endpoint}`;
    const store = await openS3Blobs(address, undefined, env);
    const objects = new S3Bucket(s3Connection(address, undefined, env));
    const count = async (pages: AsyncIterable<readonly unknown[]>) => (await Array.fromAsync(pages)).flat().length;
    const left = async () => ({
      objects: await count(store.shelves()),
      unfinished: await count(store.unfinished()),
      inParts: await count(objects.listParts("")),
    });
    return { store, objects, left, otherNode: () => openS3Blobs(address, undefined, env) };
  }

  /** An unfinished object of 10 bytes, or with parts. */
  async function begin({ store }: { store: BlobStore }, size: number): Promise<string> {
    const key = newObjectKey();
    const writer = await store.append(key, 0);
    await writer.write([new Uint8Array(size).fill(1)]);
    await writer.close();
    return key;
  }

  async function insertRow(objectKey: string, size: number, expiresAt: number): Promise<void> {
    const names = { location: "default", projectId: "1", repositoryName: "image", principal: "user:1" };
    const row = { id: newObjectKey(), objectKey, size, createdAt: 0, expiresAt, ...names };
    await metadata.write((write) => insertUpload(write, row));
  }

  test("goes when nobody knows it, uploads in parts too; what is young, and what somebody goes on with, stays", async () => {
    const there = await place();
    const { store, objects, left } = there;
    await objects.put(`objects/${newObjectKey()}`, new Uint8Array(3));
    await begin(there, 9 * mebibyte);
    await begin(there, 10);
    // A node that died before it had said anywhere what it had begun.
    await objects.beginParts(`objects/${newObjectKey()}`);
    const known = await begin(there, 9 * mebibyte + 1);
    await insertRow(known, 9 * mebibyte + 1, Date.now() + day);
    expect(await left()).toEqual({ objects: 1, unfinished: 3, inParts: 3 });

    // Other nodes may be about to write rows for what is younger than two days.
    expect(await removeOrphans(metadata, store, Date.now())).toBe(2);
    expect(await left()).toEqual({ objects: 1, unfinished: 1, inParts: 2 });
    const continued = await store.append(known, 9 * mebibyte + 1);
    await continued.close();

    expect(await removeOrphans(metadata, store, Date.now() + 3 * day)).toBe(1);
    expect(await left()).toEqual({ objects: 0, unfinished: 1, inParts: 0 });
  });

  test("an upload that nobody continues is given up with its parts", async () => {
    const there = await place();
    await insertRow(await begin(there, 9 * mebibyte), 9 * mebibyte, Date.now() - 1);
    expect(await there.left()).toEqual({ objects: 0, unfinished: 1, inParts: 1 });
    // On another node than the one that began it.
    expect(await new Uploads(metadata, await there.otherNode(), Date.now).cancelExpired()).toBe(1);
    expect(await there.left()).toEqual({ objects: 0, unfinished: 0, inParts: 0 });
  });
});
