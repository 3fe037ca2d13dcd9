import { expect, test } from "bun:test";
import { listCredentialUses, noteCredentialUses } from "../../../../src/storage/metadata/credential-uses.ts";
import {
  advanceImport,
  beginImport,
  countImportItems,
  findImport,
  insertImportItems,
  listFailedItems,
  listUnfinishedImports,
  listWaitingItems,
  settleImportItem,
} from "../../../../src/storage/metadata/imports.ts";
import { markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import { insertUpstream, listUpstreams } from "../../../../src/storage/metadata/upstreams.ts";
import type { Suite } from "../databases.ts";
import { addAccount, addKey, addProject, now } from "../fixtures.ts";

export function upstreams(suite: Suite): void {
  const write: typeof suite.metadata.write = (change) => suite.metadata.write(change);
  const projectId = async () => (await addProject(suite.metadata)).id;

  test("a project has one upstream, which goes with it", async () => {
    const id = await projectId();
    const upstream = { projectId: id, host: "gcr.io", prefix: "google", credentials: "gcloud" };
    await write((tx) => insertUpstream(tx, upstream, now));
    await expect(write((tx) => insertUpstream(tx, upstream, now))).rejects.toThrow(/unique/i);
    expect(await listUpstreams(suite.metadata.read)).toContainEqual(upstream);
    await write((tx) => markProjectDeleted(tx, id, now));
    expect(await listUpstreams(suite.metadata.read)).not.toContainEqual(upstream);
  });

  test("an import is found until it is done, and begins anew with what had failed", async () => {
    const id = await projectId();
    await write((tx) => beginImport(tx, id, "eu", now));
    const row = {
      projectId: id,
      location: "eu",
      state: "listing",
      message: "",
      startedAt: now,
      updatedAt: now,
    } as const;
    expect(await findImport(suite.metadata.read, id)).toEqual(row);
    await write((tx) => insertImportItems(tx, id, "app", ["1", "2"]));
    await write((tx) =>
      settleImportItem(tx, id, { repository: "app", tag: "1" }, { state: "failed", tries: 3, message: "gone" }),
    );
    await write((tx) => advanceImport(tx, id, { state: "copying", message: "slow" }, now + 1));
    const copying = { ...row, state: "copying", message: "slow", updatedAt: now + 1 } as const;
    expect(await listUnfinishedImports(suite.metadata.read)).toContainEqual(copying);
    expect(await listFailedItems(suite.metadata.read, id, 10)).toEqual([
      { repository: "app", tag: "1", message: "gone" },
    ]);
    await write((tx) => advanceImport(tx, id, { state: "done", message: "" }, now + 2));
    expect((await listUnfinishedImports(suite.metadata.read)).filter(({ projectId: of }) => of === id)).toEqual([]);
    await write((tx) => beginImport(tx, id, "us", now + 3));
    expect(await listWaitingItems(suite.metadata.read, id, 10)).toEqual([
      { repository: "app", tag: "1", tries: 0 },
      { repository: "app", tag: "2", tries: 0 },
    ]);
    expect(await findImport(suite.metadata.read, id)).toMatchObject({ location: "us", state: "listing" });
    expect(await findImport(suite.metadata.read, "absent")).toBeUndefined();
  });

  test("tags are noted once, however many there are, and counted by what became of them", async () => {
    const id = await projectId();
    const tags = Array.from({ length: 250 }, (_, index) => `t${index}`);
    await write((tx) => insertImportItems(tx, id, "app", tags));
    await write((tx) =>
      settleImportItem(tx, id, { repository: "app", tag: "t0" }, { state: "done", tries: 1, message: "" }),
    );
    await write((tx) => insertImportItems(tx, id, "app", [...tags, "t250"]));
    await write((tx) => insertImportItems(tx, id, "app", []));
    expect(await countImportItems(suite.metadata.read, id)).toEqual({ waiting: 250, done: 1, failed: 0 });
    expect(await countImportItems(suite.metadata.read, await projectId())).toEqual({ waiting: 0, done: 0, failed: 0 });
    expect(await listWaitingItems(suite.metadata.read, id, 2)).toEqual([
      { repository: "app", tag: "t1", tries: 0 },
      { repository: "app", tag: "t10", tries: 0 },
    ]);
  });

  test("the last use of a key counts, for each way by itself", async () => {
    const id = await projectId();
    const account = await addAccount(suite.metadata, id);
    const key = await addKey(suite.metadata, account.id);
    const use = (way: string, lastUsedAt: number) => ({ accountId: account.id, keyId: key.id, way, lastUsedAt });
    await write((tx) => noteCredentialUses(tx, [use("password", now + 5), use("token", now + 1)]));
    await write((tx) => noteCredentialUses(tx, [use("password", now + 3), use("token", now + 9)]));
    const common = { email: account.email, keyId: key.id, keyCreatedAt: key.createdAt };
    expect(await listCredentialUses(suite.metadata.read, id, 10)).toEqual([
      { ...common, way: "token", lastUsedAt: now + 9 },
      { ...common, way: "password", lastUsedAt: now + 5 },
    ]);
    expect(await listCredentialUses(suite.metadata.read, await projectId(), 10)).toEqual([]);
  });
}
