import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlobStore, newObjectKey, type ObjectShelves } from "../../../src/storage/blobs/blob-store.ts";
import { openFilesystemBlobs } from "../../../src/storage/blobs/filesystem.ts";
import { openS3Blobs } from "../../../src/storage/blobs/open-s3.ts";
import { radosgwMissing, sharedRadosgw } from "../../radosgw.ts";

/** Starting a radosgw takes seconds, on a busy machine a minute. */
setDefaultTimeout(180_000);

type Store = BlobStore & ObjectShelves;

interface Place {
  /** A store over it, as another node would have one. */
  open(): Promise<Store>;
  remove(): void;
}

const mebibyte = 1024 * 1024;

/** Every store, with where it lies and why it may not be there. */
const stores: [string, string | undefined, () => Promise<Place>][] = [
  [
    "a folder",
    undefined,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "waybill-objects-"));
      return { open: () => openFilesystemBlobs(folder), remove: () => rmSync(folder, { recursive: true }) };
    },
  ],
  [
    "S3",
    radosgwMissing(),
    async () => {
      const { endpoint, env, bucket } = await sharedRadosgw();
      const address = `s3://${await bucket()}/some/prefix?endpoint=${endpoint}`;
      return { open: () => openS3Blobs(address, undefined, env), remove() {} };
    },
  ],
];

for (const [name, missing, make] of stores) {
  if (missing) console.error(`${missing}: objects in ${name}`);
  describe.skipIf(missing !== undefined)(`objects in ${name}${missing ? ` (${missing})` : ""}`, () => {
    let place: Place;
    let store: Store;
    beforeAll(async () => {
      place = await make();
      store = await place.open();
    });
    afterAll(() => place?.remove());

    test("are what was written, whole and in ranges, whatever their size", async () => {
      for (const size of [0, 1, 1000, 8 * mebibyte, 8 * mebibyte + 1, 17 * mebibyte]) {
        const bytes = someBytes(size);
        const key = await write(store, bytes);
        expect(await store.stat(key)).toBe(size);
        expect(await (await store.read(key)).bytes()).toEqual(bytes);
        expect(await (await store.read(key, 0, size)).bytes()).toEqual(bytes);
        if (size < 3) continue;
        for (const [start, end] of [
          [0, 1],
          [1, size],
          [size - 1, size],
          [size >> 1, (size >> 1) + 1],
        ] as const) {
          expect(await (await store.read(key, start, end)).bytes()).toEqual(bytes.subarray(start, end));
        }
        const streamed = await Array.fromAsync((await store.read(key, 1)).stream());
        expect(Buffer.compare(Buffer.concat(streamed), bytes.subarray(1))).toBe(0);
      }
    });

    test("are listed, with the time of their writing", async () => {
      const key = await write(store, someBytes(10));
      expect(await keysOf(store.shelves())).toContain(key);
      expect(Math.abs(((await store.modifiedAt(key)) ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await store.modifiedAt(newObjectKey())).toBeUndefined();
    });

    test("are gone when they are removed, and removing one that is not there is no error", async () => {
      const key = await write(store, someBytes(10));
      for (let time = 0; time < 2; time++) await store.delete(key);
      expect(await store.stat(key)).toBeUndefined();
      const reading = async () => await (await store.read(key)).bytes();
      expect(reading()).rejects.toThrow();
      expect(await keysOf(store.shelves())).not.toContain(key);
    });

    test.each([3, 5 * mebibyte, 9 * mebibyte])("are continued on another node after %d bytes", async (first) => {
      const bytes = someBytes(first + 9 * mebibyte);
      const key = newObjectKey();
      await append(store, key, 0, bytes.subarray(0, first));
      const other = await place.open();
      expect(await other.resumeAt(key, first)).toBe(first);
      await append(other, key, first, bytes.subarray(first, first + 10));
      const third = await place.open();
      await append(third, key, first + 10, bytes.subarray(first + 10));
      // The first has what it knew; the others have gone on.
      expect(await store.resumeAt(key, bytes.byteLength)).toBe(bytes.byteLength);
      const object = await store.commit(key, bytes.byteLength);
      await object.settled();
      if (store.isShared) expect(object.isOurs).toBe(false);
      expect(Buffer.compare(await (await other.read(object.key)).bytes(), bytes)).toBe(0);
      expect(await keysOf(store.unfinished())).not.toContain(key);
    });

    test("of which less was seen than is there are continued where they can be", async () => {
      const bytes = someBytes(20 * mebibyte);
      const key = newObjectKey();
      await append(store, key, 0, bytes);
      const other = await place.open();
      for (const seen of [20 * mebibyte - 1, 10 * mebibyte, 5]) {
        const at = await other.resumeAt(key, seen);
        expect(at).toBeLessThanOrEqual(seen);
        expect(seen - at).toBeLessThan(8 * mebibyte);
        await append(other, key, at, bytes.subarray(at));
      }
      const object = await other.commit(key, bytes.byteLength);
      expect(Buffer.compare(await (await store.read(object.key)).bytes(), bytes)).toBe(0);
    });

    test("that were begun anew have nothing of what was before", async () => {
      const key = newObjectKey();
      await append(store, key, 0, someBytes(9 * mebibyte));
      const bytes = someBytes(12).fill(7);
      await append(await place.open(), key, 0, bytes);
      const object = await (await place.open()).commit(key, 12);
      expect(await (await store.read(object.key)).bytes()).toEqual(bytes);
    });

    test("cannot be committed with another size than was written", async () => {
      if (!store.isShared) return;
      const key = newObjectKey();
      await append(store, key, 0, someBytes(10));
      expect(store.commit(key, 11)).rejects.toThrow(/does not have 11 bytes/);
      expect(store.commit(newObjectKey(), 1)).rejects.toThrow(/does not have 1 bytes/);
      expect(await store.resumeAt(newObjectKey(), 5)).toBe(0);
    });

    test.each([10, 9 * mebibyte])("of %d bytes are committed again where nobody heard that they were", async (size) => {
      const key = newObjectKey();
      const bytes = someBytes(size);
      await append(store, key, 0, bytes);
      await store.commit(key, size);
      const again = await store.commit(key, size);
      expect(Buffer.compare(await (await store.read(again.key)).bytes(), bytes)).toBe(0);
      const elsewhere = await (await place.open()).commit(key, size);
      expect(Buffer.compare(await (await store.read(elsewhere.key)).bytes(), bytes)).toBe(0);
      await again.settled();
    });

    test.each([10, 9 * mebibyte])(
      "of %d bytes stay as they are when a node that was left behind writes",
      async (size) => {
        const key = newObjectKey();
        const bytes = someBytes(size);
        const behind = await (await place.open()).append(key, 0);
        if (!store.isShared) return await behind.close();
        await append(store, key, 0, bytes);
        const object = await store.commit(key, size);
        await object.settled();
        await behind.write([someBytes(size).fill(1)]);
        await behind.close();
        await (await place.open()).commit(key, size).catch(() => {});
        expect(Buffer.compare(await (await store.read(object.key)).bytes(), bytes)).toBe(0);
        await store.abandon(key);
      },
    );

    test("leave nothing when they are given up, on any node", async () => {
      for (const size of [10, 9 * mebibyte]) {
        const key = newObjectKey();
        await append(store, key, 0, someBytes(size));
        await (await place.open()).abandon(key);
        expect(await (await place.open()).resumeAt(key, size)).toBe(0);
        expect(await keysOf(store.unfinished())).not.toContain(key);
        expect(await keysOf(store.shelves())).not.toContain(key);
        await store.abandon(key);
      }
    });
  });
}

function someBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

async function append(store: Store, key: string, at: number, bytes: Uint8Array): Promise<void> {
  const writer = await store.append(key, at);
  for (let from = 0; from < bytes.byteLength; from += mebibyte)
    await writer.write([bytes.slice(from, from + mebibyte)]);
  await writer.close();
}

async function write(store: Store, bytes: Uint8Array): Promise<string> {
  const key = newObjectKey();
  await append(store, key, 0, bytes);
  const object = await store.commit(key, bytes.byteLength);
  expect(object.isOurs).toBe(true);
  await object.settled();
  return object.key;
}

async function keysOf(pages: AsyncIterable<readonly string[]>): Promise<string[]> {
  return (await Array.fromAsync(pages)).flat();
}
