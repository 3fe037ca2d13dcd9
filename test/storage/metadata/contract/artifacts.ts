import { expect, test } from "bun:test";
import { findImage, listShelf, listShelfImages, listTagPage } from "../../../../src/storage/metadata/artifacts.ts";
import { ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import { putTag } from "../../../../src/storage/metadata/tags.ts";
import type { Suite } from "../databases.ts";
import { addManifest, addProject, now } from "../fixtures.ts";

/** What Artifact Registry's listings ask for: images across the repositories of a project, by place and prefix. */
export function artifacts(suite: Suite): void {
  const location = "gcr.io";

  async function addShelf() {
    const { id: projectId } = await addProject(suite.metadata);
    const add = (name: string, at = location) =>
      suite.metadata.write((write) => ensureRepository(write, { location: at, projectId, name }, now));
    return { projectId, add };
  }

  test("repositories with images in them are listed by name, below a prefix or all", async () => {
    const { projectId, add } = await addShelf();
    const names = ["app", "team", "team-b/x", "team/a", "team/b/c", "zoo"];
    for (const name of names) await addManifest(suite.metadata, await add(name));
    await add("empty");
    await addManifest(suite.metadata, await add("elsewhere", "eu.gcr.io"));
    const list = async (prefix: string, after = "", limit = 10) =>
      (await listShelf(suite.metadata.read, { location, projectId, prefix }, after, limit)).map(({ name }) => name);
    expect(await list("")).toEqual(names.toSorted());
    expect(await list("team/")).toEqual(["team/a", "team/b/c"]);
    expect(await list("", "team", 2)).toEqual(["team-b/x", "team/a"]);
    expect(await list("nothing/")).toEqual([]);
  });

  test("images are listed across repositories, each once, page by page", async () => {
    const { projectId, add } = await addShelf();
    const all: string[] = [];
    for (const name of ["a", "a-b", "a/b", "b"]) {
      const id = await add(name);
      const digests = [await addManifest(suite.metadata, id), await addManifest(suite.metadata, id)];
      all.push(...digests.toSorted().map((digest) => `${name}@${digest}`));
    }
    const shelf = { location, projectId, prefix: "" };
    const seen: string[] = [];
    for (let after = { name: "", digest: "" }; ; ) {
      const page = await listShelfImages(suite.metadata.read, shelf, after, 3);
      seen.push(...page.map(({ repositoryName, digest }) => `${repositoryName}@${digest}`));
      const last = page.at(-1);
      if (!last || page.length < 3) break;
      after = { name: last.repositoryName, digest: last.digest };
    }
    expect(seen).toEqual(all);
    const below = await listShelfImages(suite.metadata.read, { ...shelf, prefix: "a/" }, { name: "", digest: "" }, 9);
    expect(below.map(({ repositoryName }) => repositoryName)).toEqual(["a/b", "a/b"]);
  });

  test("one image and the tags of one image are found", async () => {
    const { add } = await addShelf();
    const id = await add("app");
    const [one, two] = [await addManifest(suite.metadata, id), await addManifest(suite.metadata, id)];
    await suite.metadata.write(async (write) => {
      for (const [name, digest] of [
        ["1", one],
        ["2", two],
        ["latest", two],
      ] as const)
        await putTag(write, id, name, digest, { at: now, by: "user-1" });
    });
    expect(await findImage(suite.metadata.read, id, one)).toMatchObject({ digest: one, uploadedAt: now });
    expect(await findImage(suite.metadata.read, await add("other"), one)).toBeUndefined();
    const tags = async (after: string, digest?: string) =>
      (await listTagPage(suite.metadata.read, id, { after, digest }, 2)).map(({ name }) => name);
    expect(await tags("")).toEqual(["1", "2"]);
    expect(await tags("2")).toEqual(["latest"]);
    expect(await tags("", two)).toEqual(["2", "latest"]);
  });
}
