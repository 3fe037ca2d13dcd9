import { expect, test } from "bun:test";
import { Garbage } from "../../../../src/registry/garbage.ts";
import { addReports, nothingCollected } from "../../../../src/registry/garbage-report.ts";
import {
  commitBlob,
  linkBlob,
  listBlobHolders,
  missingBlobs,
  unlinkBlob,
} from "../../../../src/storage/metadata/blobs.ts";
import {
  countBlobLinks,
  deleteEmptyRepository,
  deleteUnlinkedBlob,
  findBlob,
  findBlobUse,
  hideBlobLink,
  isManifestNeeded,
  isRepositoryEmpty,
  revealBlobLinks,
} from "../../../../src/storage/metadata/garbage.ts";
import { insertManifest } from "../../../../src/storage/metadata/manifests.ts";
import { knownObjects, listObjects } from "../../../../src/storage/metadata/objects.ts";
import {
  countRemovedObjects,
  forgetRemovedObjects,
  leaseRemovedObjects,
  removeObjectLater,
  unknownObjects,
} from "../../../../src/storage/metadata/removed-objects.ts";
import { putTag, tagHistory } from "../../../../src/storage/metadata/tags.ts";
import { insertUpload } from "../../../../src/storage/metadata/uploads.ts";
import type { Suite } from "../databases.ts";
import {
  addBlob,
  addManifest,
  addProject,
  addRepository,
  digestOf,
  manifestRow,
  newId,
  now,
  uploadRow,
} from "../fixtures.ts";

export function garbage(suite: Suite): void {
  const write: typeof suite.metadata.write = (change) => suite.metadata.write(change);
  const layer = (digest: string) => ({ kind: "layer", digest, mediaType: "x", size: 3 }) as const;

  test("a blob's use says whether it is linked, named and hidden", async () => {
    const { read } = suite.metadata;
    const [repository, other] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    const digest = await addBlob(suite.metadata, repository);
    expect(await findBlobUse(read, other, digest)).toBeUndefined();
    expect(await findBlobUse(read, repository, digest)).toEqual({ hiddenAt: null, isReferenced: false });
    await write((tx) => insertManifest(tx, manifestRow(other), [layer(digest)]));
    expect(await findBlobUse(read, repository, digest)).toEqual({ hiddenAt: null, isReferenced: false });
    await write((tx) => hideBlobLink(tx, repository, digest, now));
    expect(await findBlobUse(read, repository, digest)).toEqual({ hiddenAt: now, isReferenced: false });
    await write((tx) => insertManifest(tx, manifestRow(repository), [layer(digest)]));
    expect(await findBlobUse(read, repository, digest)).toEqual({ hiddenAt: null, isReferenced: true });
  });

  test("a child or a subject of the same digest does not name a blob", async () => {
    const repository = await addRepository(suite.metadata);
    const digest = await addBlob(suite.metadata, repository);
    const references = (["child", "subject"] as const).map((kind) => ({ ...layer(digest), kind }));
    await write((tx) => insertManifest(tx, manifestRow(repository), references));
    expect(await findBlobUse(suite.metadata.read, repository, digest)).toMatchObject({ isReferenced: false });
  });

  test("a hidden blob is not found, mounted or held, until it is linked or named again", async () => {
    const { hot, read } = suite.metadata;
    const repository = await addRepository(suite.metadata);
    const digest = await addBlob(suite.metadata, repository);
    const hide = () => write((tx) => hideBlobLink(tx, repository, digest, now));
    await hide();
    expect(await hot.blob(repository, digest)).toBeUndefined();
    expect(await listBlobHolders(read, "eu", digest, 10)).toEqual([]);
    await write((tx) => linkBlob(tx, repository, digest, now));
    expect(await hot.blob(repository, digest)).toBeDefined();
    await hide();
    const absent = Array.from({ length: 450 }, newId).map(digestOf);
    await write((tx) => revealBlobLinks(tx, repository, [...absent, digest]));
    expect(await hot.blob(repository, digest)).toBeDefined();
    expect(await listBlobHolders(read, "eu", digest, 10)).toHaveLength(1);
  });

  test("deleteUnlinkedBlob takes a blob that nobody has, and leaves its object to be removed", async () => {
    const { read } = suite.metadata;
    const [one, two] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    const digest = await addBlob(suite.metadata, one);
    await write((tx) => linkBlob(tx, two, digest, now));
    expect(await countBlobLinks(read, digest, 10)).toBe(2);
    expect(await countBlobLinks(read, digest, 1)).toBe(1);
    const key = (await findBlob(read, digest))?.objectKey as string;
    for (const repository of [one, two]) {
      expect(await write((tx) => deleteUnlinkedBlob(tx, digest, now))).toBeUndefined();
      await write((tx) => unlinkBlob(tx, repository, digest, now));
    }
    const before = await countRemovedObjects(read);
    expect(await write((tx) => deleteUnlinkedBlob(tx, digest, now))).toBe(3);
    expect(await write((tx) => deleteUnlinkedBlob(tx, digest, now))).toBeUndefined();
    expect(await findBlob(read, digest)).toBeUndefined();
    expect(await countRemovedObjects(read)).toEqual({ objects: before.objects + 1, bytes: before.bytes + 3 });
    expect(await read.selectFrom("objects").select("key").where("key", "=", key).execute()).toEqual([]);
    await write((tx) => forgetRemovedObjects(tx, [key]));
  });

  test("removed objects are leased the oldest first, to one only, until they are forgotten", async () => {
    const early = now - 1_000_000;
    const keys = [newId(), newId(), newId()] as const;
    for (const [index, key] of keys.entries()) {
      await write((tx) => removeObjectLater(tx, { key, size: 7 }, early - index));
    }
    await write((tx) => removeObjectLater(tx, { key: keys[2], size: 7 }, now + 1_000_000));
    const lease = (at: number, limit: number) =>
      write((tx) => leaseRemovedObjects(tx, early, { now: at, until: at + 100 }, limit));
    expect(await lease(now, 1)).toEqual([{ key: keys[2], size: 7 }]);
    expect((await lease(now, 10)).map(({ key }) => key)).toEqual([keys[1], keys[0]]);
    expect(await lease(now + 99, 10)).toEqual([]);
    await write((tx) => forgetRemovedObjects(tx, [keys[1], "absent"]));
    expect((await lease(now + 100, 10)).map(({ key }) => key)).toEqual([keys[2], keys[0]]);
    await write((tx) => forgetRemovedObjects(tx, keys));
    expect(await lease(now + 500, 10)).toEqual([]);
  });

  test("unknownObjects names the keys that no blob, no upload and no removal knows", async () => {
    const repository = await addRepository(suite.metadata);
    const digest = await addBlob(suite.metadata, repository);
    const blob = (await findBlob(suite.metadata.read, digest))?.objectKey as string;
    const upload = uploadRow((await addProject(suite.metadata)).id);
    await write((tx) => insertUpload(tx, upload));
    const removed = newId();
    await write((tx) => removeObjectLater(tx, { key: removed, size: 1 }, now));
    const strange = Array.from({ length: 450 }, newId);
    const asked = [blob, ...strange, upload.objectKey, removed];
    expect((await unknownObjects(suite.metadata.read, asked)).sort()).toEqual(strange.sort());
    expect(await unknownObjects(suite.metadata.read, [])).toEqual([]);
    await write((tx) => forgetRemovedObjects(tx, [removed]));
  });

  test("listObjects pages through the objects of blobs, knownObjects tells them from others", async () => {
    const { read } = suite.metadata;
    const repository = await addRepository(suite.metadata);
    const digests = [await addBlob(suite.metadata, repository), await addBlob(suite.metadata, repository)];
    const found: Awaited<ReturnType<typeof listObjects>> = [];
    for (let after = ""; ; after = found.at(-1)?.key ?? "") {
      const page = await listObjects(read, after, 2);
      found.push(...page);
      if (page.length < 2) break;
    }
    expect(found.map(({ key }) => key)).toEqual(found.map(({ key }) => key).sort());
    const mine = found.filter(({ digest }) => digests.includes(digest));
    expect(mine).toHaveLength(2);
    expect(mine[0]).toMatchObject({ size: 3, quarantinedAt: null });
    const keys = mine.map(({ key }) => key);
    const strange = Array.from({ length: 250 }, newId);
    expect(await knownObjects(read, [...keys, ...strange])).toEqual(new Set(keys));
    expect(await knownObjects(read, [])).toEqual(new Set());
  });

  test("a manifest is needed by a tag, an index that has it, and a subject that is there", async () => {
    const { read } = suite.metadata;
    const repository = await addRepository(suite.metadata);
    const add = async (change: object, references: object[] = []) => {
      const row = manifestRow(repository, change);
      await write((tx) => insertManifest(tx, row, references as never));
      return row.digest;
    };
    const [alone, tagged, child] = [await add({}), await add({}), await add({})];
    await write((tx) => putTag(tx, repository, "v1", tagged, { at: now, by: "user-1" }));
    await add({}, [{ ...layer(child), kind: "child" }]);
    const [signature, dangling] = [
      await add({ subjectDigest: alone }),
      await add({ subjectDigest: digestOf("absent") }),
    ];
    const needed = (digest: string) => isManifestNeeded(read, repository, digest);
    expect(await Promise.all([tagged, child, signature].map(needed))).toEqual([true, true, true]);
    expect(await Promise.all([alone, dangling, digestOf("absent")].map(needed))).toEqual([false, false, false]);
    expect(await isManifestNeeded(read, await addRepository(suite.metadata), tagged)).toBe(false);
  });

  test("deleteEmptyRepository takes a repository without manifests, blobs and policy, and its tags' history", async () => {
    const { read } = suite.metadata;
    const empties = (id: string) => write((tx) => deleteEmptyRepository(tx, id));
    const [empty, image, blob, governed] = await Promise.all(
      Array.from({ length: 4 }, () => addRepository(suite.metadata)),
    );
    await addManifest(suite.metadata, image as string);
    await addBlob(suite.metadata, blob as string);
    const policy = { resource: `repository/${governed}` as const, etag: "1", updated_at: now };
    await write((tx) => tx.insertInto("policies").values(policy).execute());
    const history = { repository_id: empty as string, name: "v1", from_digest: null, to_digest: null };
    await write((tx) =>
      tx
        .insertInto("tag_history")
        .values({ ...history, changed_at: now, changed_by: "x" })
        .execute(),
    );
    for (const id of [image, blob, governed] as string[]) {
      expect(await isRepositoryEmpty(read, id)).toBe(false);
      expect(await empties(id)).toBe(false);
    }
    expect(await isRepositoryEmpty(read, empty as string)).toBe(true);
    expect(await empties(empty as string)).toBe(true);
    expect(await empties(empty as string)).toBe(false);
    expect(await tagHistory(read, empty as string, "v1")).toEqual([]);
  });

  test("two nodes that collect at once do each thing once, beside pushes that take some of it back", async () => {
    const repository = await addRepository(suite.metadata);
    const clock = { now: now + 10_000_000 };
    const half = 1000;
    const deleted: string[] = [];
    const node = () =>
      new Garbage(
        suite.metadata,
        { delete: async (key) => void deleted.push(key) },
        { graceMilliseconds: 2 * half },
        () => clock.now,
      );
    const nodes = [node(), node(), node()];
    // What other tests left goes first.
    for (let round = 0; round < 4; round++) {
      await Promise.all(nodes.map((one) => one.collect()));
      clock.now += 100_000;
    }
    const wanted: string[] = [];
    for (let blob = 0; blob < 60; blob++) {
      const digest = digestOf(newId());
      await write((tx) => commitBlob(tx, repository, { digest, objectKey: newId(), size: 2 }, clock.now));
      if (blob % 3 === 0) wanted.push(digest);
    }
    deleted.length = 0;
    const collect = async () => addReports(...(await Promise.all(nodes.map((one) => one.collect()))));
    clock.now += half;
    expect(await collect()).toMatchObject({ hidden: 60, links: 0, blobs: 0 });
    clock.now += half;
    const [collected] = await Promise.all([
      collect(),
      ...wanted.map((digest) =>
        write(async (tx) => {
          const missing = await missingBlobs(tx, repository, [digest]);
          if (missing.length === 0) await insertManifest(tx, manifestRow(repository), [layer(digest)]);
        }),
      ),
    ]);
    const rows = await suite.metadata.read
      .selectFrom("manifest_references")
      .innerJoin("manifests", "manifests.digest", "manifest_references.manifest_digest")
      .select("manifest_references.digest")
      .where("manifest_references.repository_id", "=", repository)
      .execute();
    expect(rows.length).toBeLessThanOrEqual(wanted.length);
    expect(collected).toMatchObject({ links: 60 - rows.length, blobs: 60 - rows.length });
    for (const { digest } of rows) expect(await suite.metadata.hot.blob(repository, digest)).toBeDefined();
    clock.now += 100_000;
    expect(await collect()).toMatchObject({ objects: 60 - rows.length, removedBytes: 2 * (60 - rows.length) });
    expect(new Set(deleted).size).toBe(60 - rows.length);
    expect(await collect()).toEqual(nothingCollected);
  }, 60_000);
}
