import { expect, test } from "bun:test";
import { linkBlob, listBlobHolders } from "../../../../src/storage/metadata/blobs.ts";
import { insertManifest, listReferrers } from "../../../../src/storage/metadata/manifests.ts";
import { listBindingsOf, replacePolicy } from "../../../../src/storage/metadata/policies.ts";
import { markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import { ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import type { MemberKey, ResourceKey } from "../../../../src/storage/metadata/schema.ts";
import type { Suite } from "../databases.ts";
import { addBlob, addProject, addRepository, digestOf, manifestRow, newId, now } from "../fixtures.ts";

/** Who refers to a manifest, who has a blob, where a member is bound. */
export function reverseLookUps(suite: Suite): void {
  test("referrers come in the order of their digests, of one repository and one subject, by type where asked", async () => {
    const [repository, other] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    const subjectDigest = digestOf(newId());
    const add = async (repositoryId: string, subject: string | null, artifactType: string | null) => {
      const manifest = manifestRow(repositoryId, { subjectDigest: subject, artifactType });
      await suite.metadata.write((write) => insertManifest(write, manifest, []));
      return manifest;
    };
    const made: ReturnType<typeof manifestRow>[] = [];
    for (let number = 0; number < 7; number++) {
      made.push(await add(repository, subjectDigest, number % 2 ? "a/signature" : "a/list"));
    }
    made.push(await add(repository, subjectDigest, null));
    await add(repository, digestOf("another subject"), "a/signature");
    await add(repository, null, "a/signature");
    await add(other, subjectDigest, "a/signature");

    const pages = async (type: string | undefined) => {
      const seen: string[] = [];
      for (let after = ""; ; after = seen.at(-1) as string) {
        const page = await listReferrers(suite.metadata.read, repository, subjectDigest, type, after, 3);
        seen.push(...page.map(({ digest }) => digest));
        if (page.length === 0) return seen;
      }
    };
    const digests = (rows: typeof made) => rows.map(({ digest }) => digest).sort();
    expect(await pages(undefined)).toEqual(digests(made));
    expect(await pages("a/signature")).toEqual(
      digests(made.filter(({ artifactType }) => artifactType === "a/signature")),
    );
    expect(await pages("absent")).toEqual([]);

    const [first] = await listReferrers(suite.metadata.read, repository, subjectDigest, undefined, "", 1);
    const expected = made.find(({ digest }) => digest === first?.digest) as (typeof made)[0];
    expect(first).toEqual({
      digest: expected.digest,
      mediaType: expected.mediaType,
      artifactType: expected.artifactType,
      size: expected.body.byteLength,
    });
  });

  test("a blob's holders are the repositories of one location that link it, in living projects", async () => {
    const digest = await addBlob(suite.metadata, await addRepository(suite.metadata));
    const location = newId();
    const link = async (at: string, image: string) => {
      const project = await addProject(suite.metadata);
      await suite.metadata.write(async (write) => {
        const id = await ensureRepository(write, { location: at, projectId: project.id, name: image }, now);
        await linkBlob(write, id, digest, now);
      });
      return project;
    };
    const [one, two, deleted] = [
      await link(location, "one"),
      await link(location, "two"),
      await link(location, "gone"),
    ];
    await link(newId(), "elsewhere");
    await suite.metadata.write((write) => markProjectDeleted(write, deleted.id, now));
    const found = await listBlobHolders(suite.metadata.read, location, digest, 10);
    expect(found.map(({ project, image }) => `${project}/${image}`).sort()).toEqual(
      [`${one.name}/one`, `${two.name}/two`].sort(),
    );
    expect(await listBlobHolders(suite.metadata.read, location, digest, 1)).toHaveLength(1);
    expect(await listBlobHolders(suite.metadata.read, location, digestOf("absent"), 10)).toEqual([]);
  });

  test("a member's bindings are found on whatever resource", async () => {
    const members: MemberKey[] = [`user:${newId()}`, `group:${newId()}`];
    const expected = [];
    for (const [index, member] of members.entries()) {
      const resource: ResourceKey = `project/${newId()}`;
      const binding = { member, role: "roles/viewer", condition: index === 0 ? "" : '{"expression":"true"}' };
      const others = { member: "user:other" as const, role: "roles/viewer", condition: "" };
      const policy = { etag: "1", bindings: [binding, others] };
      await suite.metadata.write((write) => replacePolicy(write, resource, policy, now));
      expected.push({ resource, ...binding });
    }
    const found = await listBindingsOf(suite.metadata.read, members, 10);
    expect(found.toSorted((a, b) => (a.resource < b.resource ? -1 : 1))).toEqual(expected);
    expect(await listBindingsOf(suite.metadata.read, members, 1)).toHaveLength(1);
    expect(await listBindingsOf(suite.metadata.read, ["user:absent"], 10)).toEqual([]);
  });
}
