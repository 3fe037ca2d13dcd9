import { expect, test } from "bun:test";
import { insertManifest, type ManifestRow } from "../../../../src/storage/metadata/manifests.ts";
import type { ReferenceKind } from "../../../../src/storage/metadata/schema.ts";
import { putTag } from "../../../../src/storage/metadata/tags.ts";
import {
  findVersion,
  listDependants,
  listHolders,
  listTagsOf,
  listVersions,
  type VersionRow,
} from "../../../../src/storage/metadata/versions.ts";
import type { Suite } from "../databases.ts";
import { addManifest, addRepository, digestOf, manifestRow, now } from "../fixtures.ts";

/** What cleanup looks at. */
export function versions(suite: Suite): void {
  const add = async (
    repository: string,
    of: Partial<Record<ReferenceKind, string>>,
    change: Partial<ManifestRow> = {},
  ) => {
    const manifest = manifestRow(repository, { subjectDigest: of.subject ?? null, ...change });
    const references = Object.entries(of).map(([kind, digest]) => {
      return { kind: kind as ReferenceKind, digest, mediaType: "x/y", size: 1 };
    });
    await suite.metadata.write((write) => insertManifest(write, manifest, references));
    return manifest.digest;
  };

  test("listVersions pages from the newest to the oldest, without children and without those that refer to one there", async () => {
    const { read } = suite.metadata;
    const repository = await addRepository(suite.metadata);
    const child = await addManifest(suite.metadata, repository);
    const index = await add(repository, { child }, { createdAt: now + 3, imageSize: 9 });
    await add(repository, { subject: index });
    const orphan = await add(repository, { subject: digestOf("absent") }, { createdAt: now + 1 });
    const twins = [
      await add(repository, {}, { createdAt: now + 2 }),
      await add(repository, {}, { createdAt: now + 2 }),
    ];
    const seen: VersionRow[] = [];
    for (let last: VersionRow | undefined; ; last = seen.at(-1)) {
      const page = await listVersions(read, repository, last, 1);
      seen.push(...page);
      if (page.length === 0) break;
    }
    expect(seen.map(({ digest }) => digest)).toEqual([index, ...twins.sort().reverse(), orphan]);
    expect(seen[0]?.createdAt).toBe(now + 3);
    expect(seen[0]?.bytes).toBeGreaterThan(9);
    expect(await findVersion(read, repository, index)).toEqual(seen[0] as VersionRow);
    expect(await findVersion(read, repository, child)).toBeUndefined();
    expect(await findVersion(read, repository, digestOf("absent"))).toBeUndefined();
  });

  test("listDependants and listHolders go down and up by one", async () => {
    const { read } = suite.metadata;
    const repository = await addRepository(suite.metadata);
    const layer = digestOf("layer");
    const child = await add(repository, { layer });
    const index = await add(repository, { child });
    const signature = await add(repository, { subject: index, layer });
    expect((await listDependants(read, repository, index)).sort()).toEqual([child, signature].sort());
    expect(await listDependants(read, repository, child)).toEqual([]);
    expect((await listHolders(read, repository, [layer], 9)).sort()).toEqual([child, signature].sort());
    expect(await listHolders(read, repository, [layer], 1)).toHaveLength(1);
    expect(await listHolders(read, repository, [child], 9)).toEqual([index]);
    expect(await listHolders(read, repository, [index], 9)).toEqual([]);
    expect(await listHolders(read, await addRepository(suite.metadata), [layer], 9)).toEqual([]);
  });

  test("listTagsOf answers the tags of each manifest that has some", async () => {
    const repository = await addRepository(suite.metadata);
    const [one, two] = [await addManifest(suite.metadata, repository), await addManifest(suite.metadata, repository)];
    for (const tag of ["b", "a"])
      await suite.metadata.write((write) => putTag(write, repository, tag, one, { at: now, by: "user-1" }));
    const tags = await listTagsOf(suite.metadata.read, repository, [one, two]);
    expect([...tags]).toEqual([[one, ["a", "b"]]]);
    expect(await listTagsOf(suite.metadata.read, repository, [])).toEqual(new Map());
  });
}
