import { expect, test } from "bun:test";
import type { BindingRow } from "../../../../src/storage/metadata/hot-reads.ts";
import { replacePolicy } from "../../../../src/storage/metadata/policies.ts";
import { findProject } from "../../../../src/storage/metadata/projects.ts";
import type { MemberKey, ResourceKey } from "../../../../src/storage/metadata/schema.ts";
import { markKeyDeleted, setKeyDisabled } from "../../../../src/storage/metadata/service-account-keys.ts";
import { updateServiceAccount } from "../../../../src/storage/metadata/service-accounts.ts";
import type { Suite } from "../databases.ts";
import { addAccount, addBlob, addKey, addManifest, addProject, addRepository, newId, now } from "../fixtures.ts";

/** The prepared look-ups answer what the query builder does. */
export function hotReads(suite: Suite): void {
  test("what is absent is undefined, and no bindings are an empty list", async () => {
    const { hot } = suite.metadata;
    expect(await hot.projectId("absent")).toBeUndefined();
    expect(await hot.repositoryId("eu", "absent", "absent")).toBeUndefined();
    expect(await hot.tagDigest("absent", "latest")).toBeUndefined();
    expect(await hot.manifest("absent", "absent")).toBeUndefined();
    expect(await hot.manifestHead("absent", "absent")).toBeUndefined();
    expect(await hot.blob("absent", "absent")).toBeUndefined();
    expect(await hot.accountState("absent")).toBeUndefined();
    expect(await hot.keyState("absent", now)).toBeUndefined();
    expect(await hot.bindings([], ["allUsers"])).toEqual([]);
    expect(await hot.bindings(["installation"], [])).toEqual([]);
  });

  test("a look-up sees what was committed before it, also after it was prepared", async () => {
    const name = `project-${newId()}`;
    expect(await suite.metadata.hot.projectId(name)).toBeUndefined();
    const project = await addProject(suite.metadata, { name });
    expect(await suite.metadata.hot.projectId(name)).toBe(project.id);
    expect((await findProject(suite.metadata.read, name))?.id).toBe(project.id);
  });

  test("hostile names are values, never SQL", async () => {
    for (const name of ["' or '1'='1", "?", "$1", "a\\'; drop table projects; --", "%"]) {
      expect(await suite.metadata.hot.projectId(name)).toBeUndefined();
      const project = await addProject(suite.metadata, { name });
      expect(await suite.metadata.hot.projectId(name)).toBe(project.id);
    }
  });

  test("blob, manifest and head answer what the tables hold", async () => {
    const { hot, read } = suite.metadata;
    const repository = await addRepository(suite.metadata);
    const [blob, manifest] = [await addBlob(suite.metadata, repository), await addManifest(suite.metadata, repository)];
    const slowBlob = await read
      .selectFrom("blobs")
      .innerJoin("blob_links", "blob_links.digest", "blobs.digest")
      .select(["object_key as objectKey", "size", "quarantined_at as quarantinedAt"])
      .where("repository_id", "=", repository)
      .where("blobs.digest", "=", blob)
      .executeTakeFirstOrThrow();
    expect(await hot.blob(repository, blob)).toEqual(slowBlob);
    const slow = await read
      .selectFrom("manifests")
      .select(["media_type as mediaType", "size", "body"])
      .where("repository_id", "=", repository)
      .where("digest", "=", manifest)
      .executeTakeFirstOrThrow();
    expect(await hot.manifestHead(repository, manifest)).toEqual({ mediaType: slow.mediaType, size: slow.size });
    expect(await hot.manifest(repository, manifest)).toEqual({ mediaType: slow.mediaType, body: slow.body });
  });

  const counts = [1, 2, 3, 4, 5, 8, 9];
  test.each(counts.flatMap((resources) => counts.map((members): [number, number] => [resources, members])))(
    "bindings of %i resources and %i members are found once each, and no others",
    async (resourceCount, memberCount) => {
      const run = newId();
      const resources = Array.from({ length: resourceCount }, (_, index): ResourceKey => `project/${run}-${index}`);
      const members = Array.from({ length: memberCount }, (_, index): MemberKey => `user:${run}-${index}`);
      const expected: BindingRow[] = [];
      for (const resource of [...resources, `project/${run}-other` as const]) {
        const bindings = [...members, `user:${run}-other` as const].map((member) => ({
          member,
          role: "roles/viewer",
          condition: "",
        }));
        await suite.metadata.write((write) => replacePolicy(write, resource, { etag: "1", bindings }, now));
        if (resource === `project/${run}-other`) continue;
        expected.push(...bindings.slice(0, -1).map((binding) => ({ resource, ...binding })));
      }
      const found = await suite.metadata.hot.bindings(resources, members);
      const inOrder = (rows: BindingRow[]) => rows.map((row) => `${row.resource} ${row.member}`).sort();
      expect(inOrder(found)).toEqual(inOrder(expected));
      expect(found[0]).toEqual(expected.find((row) => Bun.deepEquals(row, found[0])) as BindingRow);
    },
  );

  test("every role and condition of a member on a resource is found", async () => {
    const resource: ResourceKey = `project/${newId()}`;
    const bindings = ["roles/viewer", "roles/editor"].flatMap((role) =>
      ["", '{"expression":"true"}'].map((condition) => ({ member: "allUsers" as const, role, condition })),
    );
    await suite.metadata.write((write) => replacePolicy(write, resource, { etag: "1", bindings }, now));
    expect(await suite.metadata.hot.bindings([resource], ["allUsers", "allAuthenticatedUsers"])).toHaveLength(4);
  });

  test("an account is live until it is disabled, and again when it is enabled", async () => {
    const project = await addProject(suite.metadata);
    const account = await addAccount(suite.metadata, project.id);
    const key = await addKey(suite.metadata, account.id);
    const state = { accountId: account.id, email: account.email, projectId: project.id, workloads: "" };
    for (const [disabledAt, live] of [
      [null, 1],
      [now, 0],
      [null, 1],
    ] as const) {
      await suite.metadata.write((write) => updateServiceAccount(write, account.id, { disabledAt, etag: newId() }));
      expect(await suite.metadata.hot.accountState(account.id)).toEqual({ ...state, live });
      expect(await suite.metadata.hot.keyState(key.id, now)).toEqual({ ...state, live });
    }
  });

  test("a key speaks for its account while neither disabled nor deleted nor expired", async () => {
    const project = await addProject(suite.metadata);
    const account = await addAccount(suite.metadata, project.id);
    const live = async (id: string, at: number) => (await suite.metadata.hot.keyState(id, at))?.live;

    const expiring = await addKey(suite.metadata, account.id, { expiresAt: now + 10 });
    expect(await live(expiring.id, now + 9)).toBe(1);
    expect(await live(expiring.id, now + 10)).toBe(0);

    const key = await addKey(suite.metadata, account.id);
    await suite.metadata.write((write) => setKeyDisabled(write, key.id, now));
    expect(await live(key.id, now)).toBe(0);
    await suite.metadata.write((write) => setKeyDisabled(write, key.id, null));
    expect(await live(key.id, now)).toBe(1);
    await suite.metadata.write((write) => markKeyDeleted(write, key.id, now));
    expect(await live(key.id, now)).toBe(0);
    expect((await suite.metadata.hot.accountState(account.id))?.live).toBe(1);
  });
}
