import { expect, test } from "bun:test";
import { isRepositoryEmpty } from "../../../../src/storage/metadata/garbage.ts";
import { markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import { ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import {
  deleteRules,
  findRules,
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
    const seen: string[] = [];
    for (let after = ""; ; after = seen.at(-1) ?? "") {
      const page = await listRuledRepositories(read, after, 2);
      seen.push(...page.map(({ id }) => id));
      if (page.length === 0) break;
    }
    const ours = new Set([...ids, ruled]);
    expect(seen.filter((id) => ours.has(id))).toEqual([...ours].sort() as string[]);
    const projectIds = new Set((await listRuledRepositories(read, "", 1000)).map(({ projectId }) => projectId));
    expect([projectIds.has(none as string), projectIds.has(gone as string)]).toEqual([false, false]);
    const mine = await listRuledRepositories(read, "", 10, whole);
    expect(mine.map(({ image, location }) => [image, location]).sort()).toEqual([
      ["a", "at-a"],
      ["b", "at-b"],
      ["c", "at-c"],
    ]);
  });
}
