import { expect, test } from "bun:test";
import { markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import {
  ensureRepository,
  listRepositoriesByName,
  type NamedRepository,
  type RepositorySelection,
} from "../../../../src/storage/metadata/repositories.ts";
import type { Suite } from "../databases.ts";
import { addProject, newId, now } from "../fixtures.ts";

/** A location's repositories by project and name. */
export function catalog(suite: Suite): void {
  const location = newId();
  const images = ["A", "a", "a-b", "a/b", "a_b", "é"];
  const projects = ["P-1", "p", "p-1", "p_1", "é"];

  /** Every repository that these tests find, in order, with the ids of project and repository. */
  async function fill(): Promise<(NamedRepository & { projectId: string; id: string })[]> {
    const made = [];
    for (const name of projects.toReversed()) {
      const project = await addProject(suite.metadata, { name: `${location}-${name}` });
      const add = (image: string, at: string) =>
        suite.metadata.write((write) =>
          ensureRepository(write, { location: at, projectId: project.id, name: image }, now),
        );
      await add("elsewhere", newId());
      for (const image of images.toReversed()) {
        made.unshift({ project: project.name, image, projectId: project.id, id: await add(image, location) });
      }
    }
    const deleted = await addProject(suite.metadata, { name: `${location}-deleted` });
    await suite.metadata.write((write) =>
      ensureRepository(write, { location, projectId: deleted.id, name: "image" }, now),
    );
    await suite.metadata.write((write) => markProjectDeleted(write, deleted.id, now));
    return made;
  }

  async function pages(selection: RepositorySelection | undefined, limit: number): Promise<NamedRepository[]> {
    const seen: NamedRepository[] = [];
    for (let after: NamedRepository = { project: "", image: "" }; ; ) {
      const page = await listRepositoriesByName(suite.metadata.read, location, selection, after, limit);
      expect(page.length).toBeLessThanOrEqual(limit);
      seen.push(...page);
      const last = page.at(-1);
      if (!last) return seen;
      after = last;
    }
  }

  let all: Awaited<ReturnType<typeof fill>> | undefined;
  const named = (rows: readonly NamedRepository[]) => rows.map(({ project, image }) => ({ project, image }));

  test("pages run through every living project in byte order, wherever a page ends", async () => {
    all ??= await fill();
    for (const limit of [1, 4, 6, 7, 100]) expect(await pages(undefined, limit)).toEqual(named(all));
  });

  test("a selection of projects and single repositories is all that is listed", async () => {
    all ??= await fill();
    const [wholeProject, single] = [all[8], all[0]] as [(typeof all)[0], (typeof all)[0]];
    const both = { projectIds: [wholeProject.projectId], repositoryIds: [single.id, wholeProject.id] };
    const inBoth = all.filter(({ projectId, id }) => projectId === wholeProject.projectId || id === single.id);
    for (const limit of [1, 3, 100]) expect(await pages(both, limit)).toEqual(named(inBoth));
    expect(await pages({ projectIds: [], repositoryIds: [single.id] }, 5)).toEqual(named([single]));
    expect(await pages({ projectIds: [wholeProject.projectId], repositoryIds: [] }, 5)).toEqual(
      named(all.filter(({ projectId }) => projectId === wholeProject.projectId)),
    );
  });

  test("who may see nothing is shown nothing", async () => {
    all ??= await fill();
    expect(await pages({ projectIds: [], repositoryIds: [] }, 5)).toEqual([]);
    expect(await pages({ projectIds: ["absent"], repositoryIds: ["absent"] }, 5)).toEqual([]);
  });
}
