import { expect, test } from "bun:test";
import { isRepositoryEmpty } from "../../../../src/storage/metadata/garbage.ts";
import { markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import { ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import {
  deleteRules,
  findRules,
  listRuledProjects,
  listRuledRepositories,
  listRulesOver,
  replaceRules,
} from "../../../../src/storage/metadata/rules.ts";
import type { Suite } from "../databases.ts";
import { addProject, now } from "../fixtures.ts";

/** Rules hang on ids: a project's, or one of its repositories'. */
export function rules(suite: Suite): void {
  const addImage = (projectId: string, name: string, location = "eu") =>
    suite.metadata.write((write) => ensureRepository(write, { location, projectId, name }, now));

  test("rules are put, replaced, found by their owner alone, and deleted once", async () => {
    const { read } = suite.metadata;
    const { id: projectId } = await addProject(suite.metadata);
    const repositoryId = await addImage(projectId, "image");
    expect(await findRules(read, { projectId })).toBeUndefined();
    await suite.metadata.write((write) => replaceRules(write, { projectId }, { etag: "1", body: "{}" }, now));
    await suite.metadata.write((write) => replaceRules(write, { projectId }, { etag: "2", body: '{"a":1}' }, now));
    await suite.metadata.write((write) =>
      replaceRules(write, { projectId, repositoryId }, { etag: "3", body: "{}" }, now),
    );
    expect(await findRules(read, { projectId })).toEqual({ etag: "2", body: '{"a":1}' });
    expect(await findRules(read, { projectId, repositoryId })).toEqual({ etag: "3", body: "{}" });
    expect((await listRulesOver(read, { projectId, repositoryId })).map(({ etag }) => etag)).toEqual(["2", "3"]);
    expect((await listRulesOver(read, { projectId })).map(({ etag }) => etag)).toEqual(["2"]);
    expect(await isRepositoryEmpty(read, repositoryId)).toBe(false);
    const remove = () => suite.metadata.write((write) => deleteRules(write, { projectId, repositoryId }));
    expect([await remove(), await remove()]).toEqual([true, false]);
    expect(await isRepositoryEmpty(read, repositoryId)).toBe(true);
    expect(await findRules(read, { projectId })).toBeDefined();
  });

  test("listRuledRepositories pages through those with rules of their own or of their project", async () => {
    const { read } = suite.metadata;
    const [whole, single, none, gone] = await Promise.all(
      Array.from({ length: 4 }, async () => (await addProject(suite.metadata)).id),
    );
    const ids: string[] = [];
    for (const name of ["a", "b", "c"]) ids.push(await addImage(whole as string, name, `at-${name}`));
    const [ruled] = [await addImage(single as string, "ruled"), await addImage(single as string, "free")];
    await addImage(none as string, "free");
    await addImage(gone as string, "free");
    await suite.metadata.write(async (write) => {
      const row = { etag: "1", body: "{}" };
      await replaceRules(write, { projectId: whole as string }, row, now);
      await replaceRules(write, { projectId: single as string, repositoryId: ruled as string }, row, now);
      await replaceRules(write, { projectId: gone as string }, row, now);
      await markProjectDeleted(write, gone as string, now);
    });
    const pages = async (page: (after: string) => Promise<string[]>) => {
      const seen: string[] = [];
      for (let after = ""; ; after = seen.at(-1) ?? "") {
        const some = await page(after);
        seen.push(...some);
        if (some.length === 0) return seen;
      }
    };
    const projects = await pages((after) => listRuledProjects(read, after, 1));
    expect(projects).toEqual(projects.toSorted());
    expect(projects.filter((id) => [whole, single, none, gone].includes(id))).toEqual(
      [whole, single].sort() as string[],
    );
    const idsOf = (projectId: string) =>
      pages(async (after) => (await listRuledRepositories(read, projectId, after, 2)).map(({ id }) => id));
    expect(await idsOf(whole as string)).toEqual(ids.toSorted());
    expect(await idsOf(single as string)).toEqual([ruled as string]);
    expect(await idsOf(none as string)).toEqual([]);
    const mine = await listRuledRepositories(read, whole as string, "", 10);
    expect(mine.map(({ image, location }) => [image, location]).sort()).toEqual([
      ["a", "at-a"],
      ["b", "at-b"],
      ["c", "at-c"],
    ]);
  });
}
