import { expect, test } from "bun:test";
import { lastCredentialUse, noteCredentialUses } from "../../../../src/storage/metadata/credential-uses.ts";
import { takeFromDeletedProject } from "../../../../src/storage/metadata/deleted-projects.ts";
import { deleteNameEnds, findNames, insertNameEnds } from "../../../../src/storage/metadata/name-ends.ts";
import { markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import { deleteRepository, ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import {
  enqueueReviews,
  finishReview,
  giveBackReview,
  leaseReviews,
  type Review,
} from "../../../../src/storage/metadata/reviews.ts";
import type { Suite } from "../databases.ts";
import { addManifest, addProject, addRepository, newId, now } from "../fixtures.ts";

/** Single steps of removing repositories and projects; and what an account came with last. */
export function removals(suite: Suite): void {
  const write: typeof suite.metadata.write = (change) => suite.metadata.write(change);
  const find = async (projectId: string, text: string) =>
    (await findNames(suite.metadata.read, "eu", projectId, text, undefined, 10)).map(({ path }) => path);

  test("a repository that is deleted is gone with its name, and deleted once", async () => {
    const project = await addProject(suite.metadata);
    const id = await write((writer) =>
      ensureRepository(writer, { location: "eu", projectId: project.id, name: "left" }, now),
    );
    expect(await find(project.id, "left")).toEqual([`${project.name}/left`]);
    expect(await write((writer) => deleteRepository(writer, id))).toBe(true);
    expect(await find(project.id, "left")).toEqual([]);
    expect(await write((writer) => deleteRepository(writer, id))).toBe(false);
  });

  test("a name is found by any part of it, unless it was taken out", async () => {
    const project = await addProject(suite.metadata);
    const repository = { location: "eu", projectId: project.id, name: "team/app" };
    const repositoryId = await write((writer) => ensureRepository(writer, repository, now));
    const name = { projectId: project.id, location: "eu", repositoryId, path: `${project.name}/team/app` };
    await write((writer) => deleteNameEnds(writer, name));
    expect(await find(project.id, "am/a")).toEqual([]);
    await write((writer) => insertNameEnds(writer, name));
    expect(await find(project.id, "am/a")).toEqual([name.path]);
  });

  test("a deleted project is emptied a few rows at a time; one that is there is left alone", async () => {
    const project = await addProject(suite.metadata);
    const repository = { location: "eu", projectId: project.id, name: "image" };
    await addManifest(suite.metadata, await write((writer) => ensureRepository(writer, repository, now)));
    const take = (limit: number) => write((writer) => takeFromDeletedProject(writer, project.id, limit, now));
    expect(await take(10)).toBeUndefined();
    await write((writer) => markProjectDeleted(writer, project.id, now));
    expect(await take(1)).toMatchObject({ manifests: 1, repositories: 0 });
    expect(await take(10)).toMatchObject({ manifests: 0, repositories: 1 });
    expect(await take(10)).toBeUndefined();
  });

  test("a review that is given back is the next to be taken", async () => {
    const early = now - 9_000_000;
    const subject = { kind: "repository", repositoryId: await addRepository(suite.metadata), digest: "" } as const;
    await write((writer) => enqueueReviews(writer, [subject], early));
    const leases = { now, until: now + 100 };
    const lease = async () =>
      (await write((writer) => leaseReviews(writer, "repository", early, leases, 1))) as Review[];
    expect(await lease()).toHaveLength(1);
    expect(await lease()).toEqual([]);
    await write((writer) => giveBackReview(writer, subject));
    expect(await lease()).toHaveLength(1);
    await write((writer) => finishReview(writer, subject));
  });

  test("the last use of an account's keys is that of any of them", async () => {
    const accountId = newId();
    expect(await lastCredentialUse(suite.metadata.read, accountId)).toBeUndefined();
    const use = { accountId, keyId: "a", way: "token", lastUsedAt: now };
    const later = { accountId, keyId: "b", way: "key as password", lastUsedAt: now + 1 };
    await write((writer) => noteCredentialUses(writer, [later, use]));
    const last = { way: "key as password", lastUsedAt: now + 1 };
    expect(await lastCredentialUse(suite.metadata.read, accountId)).toEqual(last);
  });
}
