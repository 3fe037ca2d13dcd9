import { expect, test } from "bun:test";
import { listBindingsBelow } from "../../../../src/storage/metadata/bindings-below.ts";
import { countManifestBytes } from "../../../../src/storage/metadata/limits.ts";
import { insertManifest } from "../../../../src/storage/metadata/manifests.ts";
import { replacePolicy } from "../../../../src/storage/metadata/policies.ts";
import { listProjectsAmong } from "../../../../src/storage/metadata/project-listings.ts";
import { ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import {
  listFirstTags,
  listManifestFacts,
  listReferenceUses,
  listRepositoriesWithNewest,
  listTagsWithTargets,
  manifestKey,
  sumChildren,
} from "../../../../src/storage/metadata/repository-listings.ts";
import {
  forgetStorageSamples,
  listStorageSamples,
  sampleStorage,
} from "../../../../src/storage/metadata/storage-samples.ts";
import { putTag } from "../../../../src/storage/metadata/tags.ts";
import type { Suite } from "../databases.ts";
import { addProject, digestOf, manifestRow, now } from "../fixtures.ts";

/** What pages list: pages by key, each row with what it shows of others. */
export function consolePages(suite: Suite): void {
  const write = <T>(change: Parameters<typeof suite.metadata.write<T>>[0]) => suite.metadata.write(change);
  const change = { at: now, by: "" };

  async function addRepository(projectId: string, name: string, location = "eu") {
    return await write((to) => ensureRepository(to, { location, projectId, name }, now));
  }

  async function addImage(repositoryId: string, text: string, createdAt: number, tags: readonly string[] = []) {
    const row = manifestRow(repositoryId, { createdAt, digest: digestOf(text) });
    await write(async (to) => {
      await insertManifest(to, row, []);
      for (const tag of tags) await putTag(to, repositoryId, tag, row.digest, change);
    });
    return row.digest;
  }

  test("repositories are listed by name with their newest manifest, page by page", async () => {
    const { id } = await addProject(suite.metadata);
    const [a, b] = [await addRepository(id, "a"), await addRepository(id, "team/b")];
    await addRepository(id, "empty");
    await addRepository(id, "a", "us");
    await addImage(a, "old", now);
    const newest = await addImage(a, "new", now + 5);
    const only = await addImage(b, "only", now + 1);
    const list = (after: string, containing: string, limit: number) =>
      listRepositoriesWithNewest(suite.metadata.read, "eu", id, undefined, { after, containing, limit });
    expect(await list("", "", 9)).toEqual([
      { id: a, name: "a", pushedAt: now + 5, newestDigest: newest },
      { id: expect.any(String), name: "empty", pushedAt: null, newestDigest: null },
      { id: b, name: "team/b", pushedAt: now + 1, newestDigest: only },
    ]);
    expect((await list("a", "", 1)).map(({ name }) => name)).toEqual(["empty"]);
    expect((await list("", "am/", 9)).map(({ name }) => name)).toEqual(["team/b"]);
    expect(await list("", "%", 9)).toHaveLength(3);
    const some = { projectIds: [], repositoryIds: [b] };
    const part = { after: "", containing: "", limit: 9 };
    const seen = await listRepositoriesWithNewest(suite.metadata.read, "eu", id, some, part);
    expect(seen.map(({ name }) => name)).toEqual(["team/b"]);
    const none = { projectIds: ["another"], repositoryIds: [] };
    expect(await listRepositoriesWithNewest(suite.metadata.read, "eu", id, none, part)).toEqual([]);
  });

  test("the first tags of several manifests come together, no more than were asked for of each", async () => {
    const { id } = await addProject(suite.metadata);
    const [a, b] = [await addRepository(id, "a"), await addRepository(id, "b")];
    const many = await addImage(a, "many", now, ["c", "a", "b"]);
    const one = await addImage(b, "one", now, ["x"]);
    const bare = await addImage(b, "bare", now);
    const pairs = [
      { repositoryId: a, digest: many },
      { repositoryId: b, digest: one },
      { repositoryId: b, digest: bare },
    ];
    const tags = await listFirstTags(suite.metadata.read, pairs, 2);
    expect([...tags].toSorted()).toEqual(
      [
        [manifestKey(a, many), ["a", "b"]] as [string, string[]],
        [manifestKey(b, one), ["x"]] as [string, string[]],
      ].toSorted(),
    );
    expect((await listFirstTags(suite.metadata.read, [], 2)).size).toBe(0);
  });

  test("tags are listed with what they point at, by name and by a part of it", async () => {
    const { id } = await addProject(suite.metadata);
    const a = await addRepository(id, "a");
    const digest = await addImage(a, "image", now, ["1.0", "1.1", "latest"]);
    const list = (after: string, containing: string) =>
      listTagsWithTargets(suite.metadata.read, a, { after, containing, limit: 2 });
    expect((await list("", "")).map(({ name }) => name)).toEqual(["1.0", "1.1"]);
    expect(await list("1.1", "")).toEqual([{ name: "latest", digest, updatedAt: now }]);
    expect((await list("", "1.")).map(({ name }) => name)).toEqual(["1.0", "1.1"]);
  });

  test("an index is as large as its images, and what only it has is told from what is shared", async () => {
    const { id } = await addProject(suite.metadata);
    const a = await addRepository(id, "a");
    const child = manifestRow(a, { imageSize: 70, digest: digestOf("child") });
    const other = manifestRow(a, { digest: digestOf("other") });
    const index = manifestRow(a, { digest: digestOf("index") });
    const blob = (text: string) => ({ kind: "layer" as const, digest: digestOf(text), mediaType: "", size: 7 });
    await write(async (to) => {
      await insertManifest(to, child, [blob("shared"), blob("own")]);
      await insertManifest(to, other, [blob("shared")]);
      await insertManifest(to, index, [{ kind: "child", digest: child.digest, mediaType: "", size: 5 }]);
    });
    expect(await sumChildren(suite.metadata.read, a, [index.digest, other.digest])).toEqual(
      new Map([[index.digest, 70]]),
    );
    const uses = await listReferenceUses(suite.metadata.read, a, child.digest);
    expect(uses.map(({ digest, isShared }) => [digest, isShared])).toEqual([
      [digestOf("shared"), true],
      [digestOf("own"), false],
    ]);
    const [facts] = await listManifestFacts(suite.metadata.read, a, [child.digest]);
    expect(facts).toMatchObject({ digest: child.digest, imageSize: 70, imageCreatedAt: null });
  });

  test("projects are listed that are named, or have a repository that is", async () => {
    const [one, two, three] = [
      await addProject(suite.metadata),
      await addProject(suite.metadata),
      await addProject(suite.metadata),
    ];
    const repository = await addRepository(two.id, "a");
    const selection = { projectIds: [one.id], repositoryIds: [repository] };
    const names = (await listProjectsAmong(suite.metadata.read, selection, "", 9)).map(({ name }) => name);
    expect(names).toEqual([one.name, two.name].toSorted());
    expect(names).not.toContain(three.name);
    const nothing = { projectIds: [], repositoryIds: [] };
    expect(await listProjectsAmong(suite.metadata.read, nothing, "", 9)).toEqual([]);
  });

  test("bindings below a project are found, and nobody else's", async () => {
    const [mine, other] = [await addProject(suite.metadata), await addProject(suite.metadata)];
    const repository = await addRepository(mine.id, "team/a");
    const foreign = await addRepository(other.id, "team/a");
    const binding = { member: "allUsers" as const, role: "roles/artifactregistry.reader", condition: "" };
    const keys = [
      `location/${mine.id}/eu`,
      `repository/${repository}`,
      `repository/${foreign}`,
      `project/${mine.id}`,
    ] as const;
    await write(async (to) => {
      for (const key of keys) await replacePolicy(to, key, { etag: "", bindings: [binding] }, now);
    });
    const found = await listBindingsBelow(suite.metadata.read, mine.id, ["eu", "us"], 9);
    expect(found.map(({ resource, location, repository: name }) => [resource, location, name])).toEqual([
      [`location/${mine.id}/eu`, "eu", null],
      [`repository/${repository}`, "eu", "team/a"],
    ]);
  });

  test("what a project stores is noted once a day, and forgotten after a while", async () => {
    const { id } = await addProject(suite.metadata);
    const repository = await addRepository(id, "a");
    const grow = (bytes: number) => write((to) => countManifestBytes(to, repository, bytes));
    const sample = (day: number) => write((to) => sampleStorage(to, day));
    await grow(10);
    await sample(100);
    await grow(5);
    await sample(100);
    await sample(101);
    expect(await listStorageSamples(suite.metadata.read, id, 0)).toEqual([
      { day: 100, usedBytes: 15 },
      { day: 101, usedBytes: 15 },
    ]);
    await write((to) => forgetStorageSamples(to, 101));
    expect(await listStorageSamples(suite.metadata.read, id, 0)).toEqual([{ day: 101, usedBytes: 15 }]);
  });
}
