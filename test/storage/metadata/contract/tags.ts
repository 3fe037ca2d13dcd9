import { expect, test } from "bun:test";
import { deleteTag, deleteTagsOf, listTags, putTag, tagHistory } from "../../../../src/storage/metadata/tags.ts";
import type { Suite } from "../databases.ts";
import { addManifest, addRepository, digestOf, namesInByteOrder, now } from "../fixtures.ts";

const change = { at: now, by: "user-1" };

export function tags(suite: Suite): void {
  async function repositoryWithManifests(count: number): Promise<[string, ...string[]]> {
    const repository = await addRepository(suite.metadata);
    const digests = [];
    for (let index = 0; index < count; index++) digests.push(await addManifest(suite.metadata, repository));
    return [repository, ...digests];
  }

  test("a tag's life: set, set again, moved, deleted, deleted again, set anew", async () => {
    const [repository, one, two] = (await repositoryWithManifests(2)) as [string, string, string];
    const put = (digest: string, at: number, by: string) =>
      suite.metadata.write((write) => putTag(write, repository, "latest", digest, { at, by }));
    const remove = (at: number) =>
      suite.metadata.write((write) => deleteTag(write, repository, "latest", { at, by: "user-3" }));

    expect(await put(one, now, "user-1")).toBeUndefined();
    expect(await put(one, now + 1, "user-2")).toBe(one);
    expect(await put(two, now + 2, "user-2")).toBe(one);
    expect(await suite.metadata.hot.tagDigest(repository, "latest")).toBe(two);
    expect(await remove(now + 3)).toBe(true);
    expect(await suite.metadata.hot.tagDigest(repository, "latest")).toBeUndefined();
    expect(await remove(now + 4)).toBe(false);
    expect(await put(one, now + 5, "user-1")).toBeUndefined();

    expect(await tagHistory(suite.metadata.read, repository, "latest")).toEqual([
      { fromDigest: null, toDigest: one, changedAt: now, changedBy: "user-1" },
      { fromDigest: one, toDigest: two, changedAt: now + 2, changedBy: "user-2" },
      { fromDigest: two, toDigest: null, changedAt: now + 3, changedBy: "user-3" },
      { fromDigest: null, toDigest: one, changedAt: now + 5, changedBy: "user-1" },
    ]);
  });

  test("a tag points at a manifest of its own repository or at nothing", async () => {
    const [repository, digest] = (await repositoryWithManifests(1)) as [string, string];
    const other = await addRepository(suite.metadata);
    for (const [where, what] of [
      [repository, digestOf("absent")],
      [other, digest],
    ] as const) {
      await expect(suite.metadata.write((write) => putTag(write, where, "latest", what, change))).rejects.toThrow(
        /foreign key/i,
      );
      expect(await tagHistory(suite.metadata.read, where, "latest")).toEqual([]);
    }
  });

  test("deleteTagsOf removes one manifest's tags, writes their history and spares the others", async () => {
    const [repository, one, two] = (await repositoryWithManifests(2)) as [string, string, string];
    for (const [name, digest] of Object.entries({ a: one, b: two, c: one })) {
      await suite.metadata.write((write) => putTag(write, repository, name, digest, change));
    }
    const removed = await suite.metadata.write((write) => deleteTagsOf(write, repository, one, change));
    expect(removed.sort()).toEqual(["a", "c"]);
    expect(await listTags(suite.metadata.read, repository, "", 10)).toEqual(["b"]);
    expect((await tagHistory(suite.metadata.read, repository, "c")).at(-1)).toMatchObject({
      fromDigest: one,
      toDigest: null,
    });
    expect(await suite.metadata.write((write) => deleteTagsOf(write, repository, one, change))).toEqual([]);
  });

  test("listTags pages in byte order and knows one repository only", async () => {
    const [repository, digest] = (await repositoryWithManifests(1)) as [string, string];
    const [other, otherDigest] = (await repositoryWithManifests(1)) as [string, string];
    await suite.metadata.write((write) => putTag(write, other, "aa", otherDigest, change));
    for (const name of namesInByteOrder.toReversed()) {
      await suite.metadata.write((write) => putTag(write, repository, name, digest, change));
    }
    const list = (after: string, limit: number) => listTags(suite.metadata.read, repository, after, limit);
    expect(await list("", 100)).toEqual([...namesInByteOrder]);
    expect(await list("", 0)).toEqual([]);
    expect(await list("Z", 3)).toEqual(["a", "a-b", "a.b"]);
    expect(await list("a-", 2)).toEqual(["a-b", "a.b"]);
    expect(await list("𝒳", 5)).toEqual([]);
  });

  test("a hundred pushes that move one tag at once are all in its history, each from where the one before left it", async () => {
    const [repository, ...digests] = await repositoryWithManifests(100);
    const before = await Promise.all(
      digests.map((digest, index) =>
        suite.metadata.write((write) => putTag(write, repository, "latest", digest, { at: now + index, by: "u" })),
      ),
    );
    const history = await tagHistory(suite.metadata.read, repository, "latest");
    expect(history.map(({ toDigest }) => toDigest as string).sort()).toEqual([...digests].sort());
    expect(history.map(({ fromDigest }) => fromDigest)).toEqual([
      null,
      ...history.slice(0, -1).map(({ toDigest }) => toDigest),
    ]);
    for (const { fromDigest, toDigest } of history) {
      expect(before[digests.indexOf(toDigest as string)] ?? null).toBe(fromDigest);
    }
    expect(await suite.metadata.hot.tagDigest(repository, "latest")).toBe(history.at(-1)?.toDigest as string);
  }, 30_000);

  test("of a hundred deletions of one tag one is told that it was there", async () => {
    const [repository, digest] = (await repositoryWithManifests(1)) as [string, string];
    await suite.metadata.write((write) => putTag(write, repository, "latest", digest, change));
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        suite.metadata.write((write) => deleteTag(write, repository, "latest", change)),
      ),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await tagHistory(suite.metadata.read, repository, "latest")).toHaveLength(2);
  }, 30_000);
}
