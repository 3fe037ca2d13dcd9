import { expect, test } from "bun:test";
import { deleteEmptyRepository } from "../../../../src/storage/metadata/garbage.ts";
import { findNames } from "../../../../src/storage/metadata/name-ends.ts";
import { markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import { ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import type { Suite } from "../databases.ts";
import { addProject, newId, now } from "../fixtures.ts";

export function nameEnds(suite: Suite): void {
  async function fill(names: readonly string[], project = `p-${newId()}`, location = newId()) {
    const { id: projectId } = await addProject(suite.metadata, { name: project });
    const ids: string[] = [];
    for (const name of names) {
      const repository = { location, projectId, name };
      ids.push(await suite.metadata.write((write) => ensureRepository(write, repository, now)));
      // A second push makes nothing new.
      await suite.metadata.write((write) => ensureRepository(write, repository, now));
    }
    return { project, projectId, location, ids };
  }
  const paths = async (location: string, text: string, limit = 100, project?: string) =>
    (await findNames(suite.metadata.read, location, project, text, undefined, limit)).map(({ path }) => path);

  test("a name is found by any part of it, once, the one with the least after the text first", async () => {
    const names = ["team/webhook", "web", "web/web", "web-app", "cobweb", "database"];
    const { location, project } = await fill(names);
    const named = (...images: string[]) => images.map((image) => `${project}/${image}`);
    expect(await paths(location, "web")).toEqual(named("web", "cobweb", "web-app", "web/web", "team/webhook"));
    expect(await paths(location, "hook")).toEqual(named("team/webhook"));
    expect(await paths(location, `${project}/da`)).toEqual(named("database"));
    for (const text of ["%", "_", "web_app", "WEB", "~", "nothing"]) expect(await paths(location, text)).toEqual([]);
    expect(await paths(newId(), "web")).toEqual([]);
  });

  test("a domain's project is found as its name is written", async () => {
    const domain = `example-${newId()}.com`;
    const { location } = await fill(["image"], `${domain}:beta`);
    expect(await paths(location, `${domain}/beta/im`)).toEqual([`${domain}/beta/image`]);
    expect(await paths(location, ":")).toEqual([]);
  });

  test("pages meet every name once, wherever they end", async () => {
    const names = Array.from({ length: 37 }, (_, number) => `x/app-${number % 7}/app-${number}`);
    const { location, projectId } = await fill(names);
    for (const limit of [1, 3, 37, 50]) {
      const seen: string[] = [];
      for (let after: Awaited<ReturnType<typeof findNames>>[number] | undefined; ; ) {
        const page = await findNames(suite.metadata.read, location, projectId, "app", after, limit);
        seen.push(...page.map(({ path }) => path));
        after = page.at(-1);
        if (page.length < limit) break;
      }
      expect(new Set(seen).size).toBe(names.length);
      expect(seen).toHaveLength(names.length);
    }
  });

  test("a text that is longer than what the index holds is compared whole", async () => {
    const long = `${"a".repeat(80)}-one`;
    const { location, project } = await fill([long, `${"a".repeat(80)}-two`]);
    expect(await paths(location, `${"a".repeat(80)}-o`)).toEqual([`${project}/${long}`]);
  });

  test("one project's names alone are found where it is named", async () => {
    const { location, projectId, project } = await fill(["web"]);
    await fill(["web"], `q-${newId()}`, location);
    expect(await paths(location, "web", 100, projectId)).toEqual([`${project}/web`]);
    expect(await paths(location, "web")).toHaveLength(2);
  });

  test("what is removed, or whose project is deleted, is not found", async () => {
    const { location, projectId, ids } = await fill(["web/web", "other"]);
    await suite.metadata.write((write) => deleteEmptyRepository(write, ids[0] as string));
    expect(await paths(location, "web")).toEqual([]);
    const left = await suite.metadata.read
      .selectFrom("name_ends")
      .select("name_end")
      .where("repository_id", "=", ids[0] as string)
      .execute();
    expect(left).toEqual([]);
    await suite.metadata.write((write) => markProjectDeleted(write, projectId, now));
    expect(await paths(location, "other")).toEqual([]);
  });
}
