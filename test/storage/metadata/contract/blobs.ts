import { expect, test } from "bun:test";
import { commitBlob, linkBlob, missingBlobs, unlinkBlob } from "../../../../src/storage/metadata/blobs.ts";
import type { Suite } from "../databases.ts";
import { addBlob, addRepository, digestOf, newId, now } from "../fixtures.ts";

export function blobs(suite: Suite): void {
  /** Every object and blob row about a digest or an object key. */
  async function stored(digest: string, ...keys: string[]) {
    const { read } = suite.metadata;
    const rows = await read.selectFrom("blobs").selectAll().where("digest", "=", digest).execute();
    const objects = await read.selectFrom("objects").select("key").where("key", "in", keys).orderBy("key").execute();
    return { rows, objects: objects.map(({ key }) => key) };
  }

  async function quarantine(digest: string): Promise<void> {
    await suite.metadata.write((write) =>
      write.updateTable("blobs").set({ quarantined_at: now }).where("digest", "=", digest).execute(),
    );
  }

  test("commitBlob of a new digest stores and links it, and leaves no object over", async () => {
    const repository = await addRepository(suite.metadata);
    const blob = { digest: digestOf(newId()), objectKey: newId(), size: 5_000_000_000 };
    expect(await suite.metadata.write((write) => commitBlob(write, repository, blob, now))).toBeUndefined();
    expect(await suite.metadata.hot.blob(repository, blob.digest)).toEqual({
      objectKey: blob.objectKey,
      size: 5_000_000_000,
      quarantinedAt: null,
    });
    expect(await stored(blob.digest, blob.objectKey)).toEqual({
      rows: [
        {
          digest: blob.digest,
          object_key: blob.objectKey,
          size: 5_000_000_000,
          created_at: now,
          verified_at: now,
          quarantined_at: null,
        },
      ],
      objects: [blob.objectKey],
    });
  });

  test("commitBlob of a stored digest links the old object and hands the new one back", async () => {
    const [first, second] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    const [digest, oldKey, newKey] = [digestOf(newId()), newId(), newId()];
    await suite.metadata.write((write) => commitBlob(write, first, { digest, objectKey: oldKey, size: 3 }, now));
    const left = await suite.metadata.write((write) =>
      commitBlob(write, second, { digest, objectKey: newKey, size: 3 }, now + 1),
    );
    expect(left).toBe(newKey);
    expect((await suite.metadata.hot.blob(second, digest))?.objectKey).toBe(oldKey);
    expect((await stored(digest, oldKey, newKey)).objects).toEqual([oldKey]);
  });

  test("commitBlob of a quarantined digest puts the new object in its place for every repository", async () => {
    const [first, second] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    const [digest, oldKey, newKey] = [digestOf(newId()), newId(), newId()];
    await suite.metadata.write((write) => commitBlob(write, first, { digest, objectKey: oldKey, size: 3 }, now));
    await quarantine(digest);
    const left = await suite.metadata.write((write) =>
      commitBlob(write, second, { digest, objectKey: newKey, size: 3 }, now + 9),
    );
    expect(left).toBe(oldKey);
    for (const repository of [first, second]) {
      expect(await suite.metadata.hot.blob(repository, digest)).toEqual({
        objectKey: newKey,
        size: 3,
        quarantinedAt: null,
      });
    }
    const { rows, objects } = await stored(digest, oldKey, newKey);
    expect(objects).toEqual([newKey]);
    expect(rows[0]).toMatchObject({ created_at: now, verified_at: now + 9 });
  });

  test("of a hundred pushes of the same digest one object stays and ninety-nine are handed back", async () => {
    const repository = await addRepository(suite.metadata);
    const digest = digestOf(newId());
    const keys = Array.from({ length: 100 }, newId);
    const left = await Promise.all(
      keys.map((objectKey) =>
        suite.metadata.write((write) => commitBlob(write, repository, { digest, objectKey, size: 3 }, now)),
      ),
    );
    const kept = keys.filter((_, index) => left[index] === undefined);
    expect(kept).toHaveLength(1);
    expect(left.filter((key, index) => key !== undefined && key !== keys[index])).toEqual([]);
    expect(await stored(digest, ...keys)).toMatchObject({ rows: [{ object_key: kept[0] }], objects: kept });
  });

  test("a blob exists only for repositories that are linked to it", async () => {
    const [owner, stranger] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    const digest = await addBlob(suite.metadata, owner);
    expect(await suite.metadata.hot.blob(stranger, digest)).toBeUndefined();
    await suite.metadata.write((write) => linkBlob(write, stranger, digest, now));
    await suite.metadata.write((write) => linkBlob(write, stranger, digest, now));
    expect(await suite.metadata.hot.blob(stranger, digest)).toBeDefined();
    expect(await suite.metadata.write((write) => unlinkBlob(write, owner, digest, now))).toBe(true);
    expect(await suite.metadata.write((write) => unlinkBlob(write, owner, digest, now))).toBe(false);
    expect(await suite.metadata.hot.blob(owner, digest)).toBeUndefined();
    expect(await suite.metadata.hot.blob(stranger, digest)).toBeDefined();
  });

  test("links need a repository and a blob, and a blob in use cannot lose its object", async () => {
    const repository = await addRepository(suite.metadata);
    const digest = await addBlob(suite.metadata, repository);
    const objectKey = (await suite.metadata.hot.blob(repository, digest))?.objectKey as string;
    const refused: Parameters<typeof suite.metadata.write>[0][] = [
      (write) => linkBlob(write, repository, digestOf("absent"), now),
      (write) => linkBlob(write, "no-such-repository", digest, now),
      (write) => write.deleteFrom("blobs").where("digest", "=", digest).execute(),
      (write) => write.deleteFrom("objects").where("key", "=", objectKey).execute(),
      (write) => write.deleteFrom("repositories").where("id", "=", repository).execute(),
    ];
    for (const change of refused) await expect(suite.metadata.write(change)).rejects.toThrow(/foreign key/i);
    expect(await suite.metadata.hot.blob(repository, digest)).toBeDefined();
  });

  test("missingBlobs names what a repository has no link to, any number of digests at once", async () => {
    const [repository, other] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    const linked = [await addBlob(suite.metadata, repository), await addBlob(suite.metadata, repository)];
    const elsewhere = await addBlob(suite.metadata, other);
    const absent = Array.from({ length: 450 }, newId).map(digestOf);
    const asked = [linked[0] as string, ...absent, elsewhere, linked[1] as string, linked[0] as string];
    expect((await missingBlobs(suite.metadata.read, repository, asked)).sort()).toEqual([...absent, elsewhere].sort());
    expect(await missingBlobs(suite.metadata.read, repository, linked)).toEqual([]);
    expect(await missingBlobs(suite.metadata.read, repository, [])).toEqual([]);
  });
}
