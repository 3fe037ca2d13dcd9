import { expect, test } from "bun:test";
import {
  findProject,
  findProjectById,
  insertProject,
  listProjects,
  markProjectDeleted,
} from "../../../../src/storage/metadata/projects.ts";
import { findServiceAccount, findServiceAccountName } from "../../../../src/storage/metadata/service-accounts.ts";
import type { Suite } from "../databases.ts";
import { addAccount, addKey, addProject, namesInByteOrder, now, projectRow } from "../fixtures.ts";

export function projects(suite: Suite): void {
  test("listProjects pages in byte order, whatever the order of insertion", async () => {
    for (const name of namesInByteOrder.toReversed()) await addProject(suite.metadata, { name });
    const seen: string[] = [];
    for (let after = ""; ; ) {
      const page = await listProjects(suite.metadata.read, after, 5);
      seen.push(...page.map(({ name }) => name));
      const last = page.at(-1);
      if (!last) break;
      after = last.name;
    }
    expect(seen).toEqual([...namesInByteOrder]);
  });

  test("a project is found by name and by id, with everything that was put in", async () => {
    const project = await addProject(suite.metadata, { displayName: "Größe 'of' \"things\" \\ %_ 𝒳" });
    expect(await findProject(suite.metadata.read, project.name)).toEqual(project);
    expect(await findProjectById(suite.metadata.read, project.id)).toEqual(project);
    expect(await findProject(suite.metadata.read, project.name.toUpperCase())).toBeUndefined();
    expect(await findProject(suite.metadata.read, "absent")).toBeUndefined();
    expect(await findProjectById(suite.metadata.read, "absent")).toBeUndefined();
  });

  test("insertProject answers false for a name that is taken and changes nothing", async () => {
    const project = await addProject(suite.metadata);
    const second = projectRow({ name: project.name, displayName: "An impostor" });
    expect(await suite.metadata.write((write) => insertProject(write, second))).toBe(false);
    expect(await findProject(suite.metadata.read, project.name)).toEqual(project);
    expect(await findProjectById(suite.metadata.read, second.id)).toBeUndefined();
  });

  test("of many who create the same project at once, one is told true", async () => {
    const { name } = projectRow();
    const rows = Array.from({ length: 20 }, () => projectRow({ name }));
    const answers = await Promise.all(rows.map((row) => suite.metadata.write((write) => insertProject(write, row))));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await findProject(suite.metadata.read, name)).toEqual(rows[answers.indexOf(true)] as (typeof rows)[0]);
  });

  test("a deleted project frees its name, and who takes the name inherits nothing", async () => {
    const first = await addProject(suite.metadata);
    const account = await addAccount(suite.metadata, first.id);
    const key = await addKey(suite.metadata, account.id);
    await suite.metadata.write((write) => markProjectDeleted(write, first.id, now + 1));

    expect(await findProject(suite.metadata.read, first.name)).toBeUndefined();
    expect(await findProjectById(suite.metadata.read, first.id)).toBeUndefined();
    expect(await suite.metadata.hot.projectId(first.name)).toBeUndefined();
    expect(await listProjects(suite.metadata.read, "", 1000)).not.toContainEqual(first);

    const second = await addProject(suite.metadata, { name: first.name });
    expect(second.id).not.toBe(first.id);
    expect(await suite.metadata.hot.projectId(first.name)).toBe(second.id);
    expect(await findProjectById(suite.metadata.read, first.id)).toBeUndefined();
    expect((await suite.metadata.hot.accountState(account.id))?.live).toBe(0);
    expect((await suite.metadata.hot.keyState(key.id, now))?.live).toBe(0);
  });

  test("deleting a project deletes its accounts, keeps the time of those deleted before, and spares other projects'", async () => {
    const [project, other] = [await addProject(suite.metadata), await addProject(suite.metadata)];
    const [account, spared] = [
      await addAccount(suite.metadata, project.id),
      await addAccount(suite.metadata, other.id),
    ];
    await suite.metadata.write((write) => markProjectDeleted(write, project.id, now + 1));
    await suite.metadata.write((write) => markProjectDeleted(write, project.id, now + 2));
    expect(await findServiceAccount(suite.metadata.read, account.email)).toBeUndefined();
    expect(await findServiceAccountName(suite.metadata.read, account.id)).toEqual({
      email: account.email,
      deletedAt: now + 1,
    });
    expect(await findServiceAccount(suite.metadata.read, spared.email)).toEqual(spared);
  });

  test("the name of a project may be freed and taken any number of times", async () => {
    const { name } = projectRow();
    for (let round = 0; round < 5; round++) {
      const row = projectRow({ name });
      expect(await suite.metadata.write((write) => insertProject(write, row))).toBe(true);
      await suite.metadata.write((write) => markProjectDeleted(write, row.id, now));
    }
    expect(await findProject(suite.metadata.read, name)).toBeUndefined();
  });
}
