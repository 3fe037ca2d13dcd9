import { expect, test } from "bun:test";
import { insertImageTime } from "../../../../src/storage/metadata/image-times.ts";
import {
  countManifests,
  listChildren,
  listChildrenAmong,
  listImages,
  listTagTargets,
} from "../../../../src/storage/metadata/listings.ts";
import { deleteManifest } from "../../../../src/storage/metadata/manifests.ts";
import { ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import { putTag } from "../../../../src/storage/metadata/tags.ts";
import type { Suite } from "../databases.ts";
import { addManifest, addProject, addRepository, newId, now } from "../fixtures.ts";

/** What tells of a whole repository at once: its images with their tags, and the names below it. */
export function listings(suite: Suite): void {
  const change = { at: now, by: "user-1" };

  test("tags come with what they point at, in byte order and no more than asked for", async () => {
    const id = await addRepository(suite.metadata);
    const [one, two] = [await addManifest(suite.metadata, id), await addManifest(suite.metadata, id)];
    await suite.metadata.write(async (write) => {
      for (const [name, digest] of [
        ["b", one],
        ["B", two],
        ["a", two],
      ] as const)
        await putTag(write, id, name, digest, change);
    });
    const all = [
      { name: "B", digest: two },
      { name: "a", digest: two },
      { name: "b", digest: one },
    ];
    expect(await listTagTargets(suite.metadata.read, id, 10)).toEqual(all);
    expect(await listTagTargets(suite.metadata.read, id, 2)).toEqual(all.slice(0, 2));
    expect(await listTagTargets(suite.metadata.read, newId(), 2)).toEqual([]);
  });

  test("manifests are listed by digest and counted up to a limit", async () => {
    const [id, other] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    await addManifest(suite.metadata, other);
    const digests = [];
    for (let index = 0; index < 5; index++) digests.push(await addManifest(suite.metadata, id));
    const images = await listImages(suite.metadata.read, id, "", 10);
    expect(images.map(({ digest }) => digest)).toEqual(digests.toSorted());
    expect(images[0]).toEqual({
      digest: digests.toSorted()[0] as string,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      imageSize: 12,
      uploadedAt: now,
      imageCreatedAt: null,
    });
    expect(await listImages(suite.metadata.read, id, "", 2)).toEqual(images.slice(0, 2));
    expect(await listImages(suite.metadata.read, id, images[1]?.digest ?? "", 2)).toEqual(images.slice(2, 4));
    for (const [limit, count] of [
      [0, 0],
      [4, 4],
      [5, 5],
      [6, 5],
    ] as const)
      expect(await countManifests(suite.metadata.read, id, limit)).toBe(count);
  });

  test("the time an image was made is kept once, before 1970 too, and goes with its manifest", async () => {
    const id = await addRepository(suite.metadata);
    const digest = await addManifest(suite.metadata, id);
    const timeOf = async () => (await listImages(suite.metadata.read, id, "", 1))[0]?.imageCreatedAt;
    await suite.metadata.write((write) => insertImageTime(write, id, digest, -62_135_596_800_000));
    await suite.metadata.write((write) => insertImageTime(write, id, digest, now));
    expect(await timeOf()).toBe(-62_135_596_800_000);
    await suite.metadata.write((write) => deleteManifest(write, id, digest, now));
    expect(
      await suite.metadata.read.selectFrom("image_times").selectAll().where("digest", "=", digest).execute(),
    ).toEqual([]);
  });

  test("a time without its manifest is refused", async () => {
    const id = await addRepository(suite.metadata);
    const attempt = suite.metadata.write((write) => insertImageTime(write, id, `sha256:${"0".repeat(64)}`, now));
    expect(await attempt.catch(() => "refused")).toBe("refused");
  });

  const names = ["a", "a-b", "a.b", "a/c", "a/c/d", "a/e-f/g/h", "a0", "b/c", "b/c-d", "ba", "z/1", "z/2", "z/3"];

  async function fill(): Promise<{ location: string; projectId: string; ids: string[] }> {
    const [location, project, other] = [newId(), await addProject(suite.metadata), await addProject(suite.metadata)];
    const add = (at: string, projectId: string, name: string) =>
      suite.metadata.write((write) => ensureRepository(write, { location: at, projectId, name }, now));
    const ids = [];
    for (const name of names) ids.push(await add(location, project.id, name));
    await add(location, other.id, "elsewhere/c");
    await add(newId(), project.id, "a/elsewhere");
    return { location, projectId: project.id, ids };
  }

  test.each([
    ["", ["a", "a-b", "a.b", "a0", "b", "ba", "z"]],
    ["a/", ["c", "e-f"]],
    ["a/c/", ["d"]],
    ["a/e-f/", ["g"]],
    ["b/", ["c", "c-d"]],
    ["z/", ["1", "2", "3"]],
    ["z/3/", []],
    ["absent/", []],
  ] as const)("below %p lie %p", async (prefix, expected) => {
    const { location, projectId, ids } = await fill();
    const children = await listChildren(suite.metadata.read, location, projectId, prefix, 100);
    expect(children.toSorted()).toEqual([...expected]);
    const among = await listChildrenAmong(suite.metadata.read, location, projectId, prefix, ids);
    expect(among.toSorted()).toEqual([...expected]);
  });

  test("children are no more than asked for, and of a selection only its own", async () => {
    const { location, projectId, ids } = await fill();
    expect(await listChildren(suite.metadata.read, location, projectId, "", 3)).toEqual(["a", "a-b", "a.b"]);
    const some = [ids[4], ids[11]] as string[];
    expect(await listChildrenAmong(suite.metadata.read, location, projectId, "", some)).toEqual(["a", "z"]);
    expect(await listChildrenAmong(suite.metadata.read, location, projectId, "a/", some)).toEqual(["c"]);
    expect(await listChildrenAmong(suite.metadata.read, location, projectId, "a/", [])).toEqual([]);
  });
}
