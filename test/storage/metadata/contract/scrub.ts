import { expect, test } from "bun:test";
import { commitBlob } from "../../../../src/storage/metadata/blobs.ts";
import { findBlob } from "../../../../src/storage/metadata/garbage.ts";
import { insertManifest } from "../../../../src/storage/metadata/manifests.ts";
import {
  countBlobs,
  findBlobOfObject,
  findRepositoryNames,
  listBlobRepositories,
  listBlobs,
  listManifestBodies,
  listUnverified,
  markVerified,
  quarantineBlob,
} from "../../../../src/storage/metadata/scrub.ts";
import type { Suite } from "../databases.ts";
import { addRepository, digestOf, manifestRow, newId, now } from "../fixtures.ts";

export function scrub(suite: Suite): void {
  const write: typeof suite.metadata.write = (change) => suite.metadata.write(change);

  async function addBlobAt(at: number, size = 3) {
    const repository = await addRepository(suite.metadata);
    const blob = { digest: digestOf(newId()), objectKey: newId(), size };
    await write((tx) => commitBlob(tx, repository, blob, at));
    return { ...blob, verifiedAt: at, repository };
  }

  test("listUnverified answers what was seen longest ago first, markVerified takes it off", async () => {
    const early = now - 1_000_000;
    const [second, first, late] = [await addBlobAt(early - 1), await addBlobAt(early - 2), await addBlobAt(early + 1)];
    const due = async (limit = 10) =>
      (await listUnverified(suite.metadata.read, early, limit)).map(({ digest }) => digest);
    expect(await due()).toEqual([first.digest, second.digest]);
    expect(await due(1)).toEqual([first.digest]);
    await write((tx) => markVerified(tx, [first, second], now));
    await write((tx) => markVerified(tx, [], now));
    expect(await due()).toEqual([]);
    expect((await listUnverified(suite.metadata.read, early + 1, 10))[0]).toEqual({
      digest: late.digest,
      objectKey: late.objectKey,
      size: 3,
      verifiedAt: early + 1,
    });
  });

  test("a quarantined blob is refused once, scrubbed no more, and replaced by the next push", async () => {
    const blob = await addBlobAt(now - 2_000_000);
    const quarantine = (key: string) => write((tx) => quarantineBlob(tx, blob.digest, key, now));
    expect(await quarantine("another-object")).toBe(false);
    expect(await quarantine(blob.objectKey)).toBe(true);
    expect(await quarantine(blob.objectKey)).toBe(false);
    expect(await listUnverified(suite.metadata.read, now - 2_000_000, 10)).toEqual([]);
    expect(await findBlob(suite.metadata.read, blob.digest)).toMatchObject({ quarantinedAt: now });
    const again = { digest: blob.digest, objectKey: newId(), size: 3 };
    expect(await write((tx) => commitBlob(tx, blob.repository, again, now))).toBe(blob.objectKey);
    expect(await findBlob(suite.metadata.read, blob.digest)).toMatchObject({ quarantinedAt: null });
    expect(await quarantine(blob.objectKey)).toBe(false);
  });

  test("listBlobs and countBlobs know every blob, the quarantined among them", async () => {
    const before = await countBlobs(suite.metadata.read);
    const blob = await addBlobAt(now, 5_000_000_000);
    await write((tx) => quarantineBlob(tx, blob.digest, blob.objectKey, now));
    expect(await countBlobs(suite.metadata.read)).toEqual({
      blobs: before.blobs + 1,
      bytes: before.bytes + 5_000_000_000,
    });
    const digests: string[] = [];
    for (let after = ""; ; after = digests.at(-1) ?? "") {
      const page = await listBlobs(suite.metadata.read, after, 2);
      digests.push(...page.map(({ digest }) => digest));
      if (page.length < 2) break;
    }
    expect(digests).toHaveLength(before.blobs + 1);
    expect(digests).toContain(blob.digest);
    expect(digests).toEqual([...digests].sort());
  });

  test("listManifestBodies pages through every manifest with its bytes", async () => {
    const repository = await addRepository(suite.metadata, "bodies");
    const added = [1, 2, 3].map(() => manifestRow(repository));
    for (const row of added) await write((tx) => insertManifest(tx, row, []));
    const found = [];
    for (let after = { repositoryId: "", digest: "" }; ; ) {
      const page = await listManifestBodies(suite.metadata.read, after, 2);
      found.push(...page);
      after = page.at(-1) ?? after;
      if (page.length < 2) break;
    }
    const mine = found.filter(({ repositoryId }) => repositoryId === repository);
    expect(mine.map(({ digest }) => digest)).toEqual(added.map(({ digest }) => digest).sort());
    for (const { digest, body } of mine) expect(digestOf(body)).toBe(digest);
    expect(await findRepositoryNames(suite.metadata.read, repository)).toEqual({
      location: "eu",
      project: expect.stringMatching(/^project-/),
      image: "bodies",
    });
    expect(await findRepositoryNames(suite.metadata.read, "absent")).toBeUndefined();
  });

  test("findBlobOfObject finds the blob that an object holds", async () => {
    const { digest, objectKey, size, verifiedAt } = await addBlobAt(now);
    expect(await findBlobOfObject(suite.metadata.read, objectKey)).toEqual({ digest, objectKey, size, verifiedAt });
    expect(await findBlobOfObject(suite.metadata.read, "absent")).toBeUndefined();
  });

  test("listBlobRepositories names who has a blob", async () => {
    const blob = await addBlobAt(now);
    expect(await listBlobRepositories(suite.metadata.read, blob.digest, 10)).toEqual([
      { location: "eu", project: expect.stringMatching(/^project-/), image: "image" },
    ]);
    expect(await listBlobRepositories(suite.metadata.read, digestOf("absent"), 10)).toEqual([]);
  });
}
