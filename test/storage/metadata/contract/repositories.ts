import { expect, test } from "bun:test";
import { ensureRepository, listRepositories } from "../../../../src/storage/metadata/repositories.ts";
import type { Suite } from "../databases.ts";
import { addProject, namesInByteOrder, now } from "../fixtures.ts";

export function repositories(suite: Suite): void {
  test("ensureRepository makes a repository once and answers its id from then on", async () => {
    const { id: projectId } = await addProject(suite.metadata);
    const repository = { location: "eu", projectId, name: "team/image" };
    const first = await suite.metadata.write((write) => ensureRepository(write, repository, now));
    expect(await suite.metadata.write((write) => ensureRepository(write, repository, now + 1))).toBe(first);
    expect(await suite.metadata.hot.repositoryId("eu", projectId, "team/image")).toBe(first);
    expect(await listRepositories(suite.metadata.read, "eu", projectId, "", 10)).toEqual([
      { id: first, ...repository },
    ]);
  });

  test("the same name at another location or in another project is another repository", async () => {
    const [one, two] = [await addProject(suite.metadata), await addProject(suite.metadata)];
    const places = [
      { location: "eu", projectId: one.id, name: "image" },
      { location: "us", projectId: one.id, name: "image" },
      { location: "eu", projectId: two.id, name: "image" },
      { location: "eu", projectId: one.id, name: "Image" },
    ];
    const ids = new Set<string>();
    for (const place of places) ids.add(await suite.metadata.write((write) => ensureRepository(write, place, now)));
    expect(ids.size).toBe(places.length);
  });

  test("a hundred pushes that start a repository at once agree on its id", async () => {
    const { id: projectId } = await addProject(suite.metadata);
    const repository = { location: "eu", projectId, name: "image" };
    const pushes = Array.from({ length: 100 }, () =>
      suite.metadata.write((write) => ensureRepository(write, repository, now)),
    );
    expect(new Set(await Promise.all(pushes)).size).toBe(1);
    expect(await listRepositories(suite.metadata.read, "eu", projectId, "", 10)).toHaveLength(1);
  });

  test("a repository needs a project", async () => {
    const orphan = suite.metadata.write((write) =>
      ensureRepository(write, { location: "eu", projectId: "no-such-project", name: "image" }, now),
    );
    await expect(orphan).rejects.toThrow(/foreign key/i);
  });

  test("listRepositories pages in byte order and keeps to its location and project", async () => {
    const { id: projectId } = await addProject(suite.metadata);
    const names = [...namesInByteOrder];
    for (const name of names.toReversed()) {
      await suite.metadata.write((write) => ensureRepository(write, { location: "eu", projectId, name }, now));
    }
    await suite.metadata.write((write) => ensureRepository(write, { location: "us", projectId, name: "aa" }, now));
    const seen: string[] = [];
    for (let after = ""; ; after = seen.at(-1) as string) {
      const page = await listRepositories(suite.metadata.read, "eu", projectId, after, 3);
      seen.push(...page.map(({ name }) => name));
      if (page.length === 0) break;
    }
    expect(seen).toEqual(names);
  });
}
