import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { CleanedVersion } from "../../../src/registry/rules/cleanup.ts";
import { type Rules, rulesSchema } from "../../../src/registry/rules/rules.ts";
import { setReadOnlyAt } from "../../../src/storage/metadata/limits.ts";
import { tagHistory } from "../../../src/storage/metadata/tags.ts";
import { digestOf, play, pushBlobs, type Registry, startRegistry } from "../../http/distribution/exchanges.ts";
import { descriptor, type SmallImage, smallImage } from "../small-image.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

const minute = 60_000;
const indexType = "application/vnd.oci.image.index.v1+json";

let registry: Registry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.server.close());

async function putManifest(
  body: Uint8Array<ArrayBuffer> | string,
  mediaType: string,
  reference: string,
  image = "image",
) {
  const headers = { "content-type": mediaType };
  await play(registry, [{ send: `PUT /v2/my-project/${image}/manifests/${reference}`, headers, body, status: 201 }]);
  return digestOf(body);
}

/** Pushes an image, one a minute. */
async function push(of: SmallImage, reference: string, image = "image"): Promise<string> {
  registry.server.clock.now += minute;
  for (const blob of of.blobs) await pushBlobs(registry, `my-project/${image}`, blob.toString());
  return await putManifest(of.manifest, of.mediaType, reference, image);
}

async function pushIndex(tag: string, ...children: readonly SmallImage[]): Promise<string> {
  for (const child of children) await push(child, child.digest);
  const manifests = children.map(({ mediaType, manifest }) => descriptor(mediaType, manifest));
  return await putManifest(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests, tag }), indexType, tag);
}

async function sign(subject: string): Promise<string> {
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: [],
    subject: { mediaType: indexType, digest: subject, size: 2 },
  });
  return await putManifest(body, indexType, digestOf(body));
}

/** @param rules as people write them */
async function setRules(rules: unknown, image?: string): Promise<Rules> {
  const { id: projectId } = registry.project;
  const repositoryId = image && (await registry.server.metadata.hot.repositoryId("default", projectId, image));
  const parsed = rulesSchema.parse(rules);
  await registry.server.rules.set({ projectId, repositoryId }, parsed, undefined);
  return parsed;
}

const policies = (...cleanupPolicies: readonly unknown[]) => ({ cleanupPolicies });
const drop = (condition: object) => ({ name: "drop", action: "Delete", condition });
const keep = (condition: object) => ({ name: "keep", action: "Keep", condition });

async function cleanUp(dryRun = false): Promise<CleanedVersion[]> {
  const { cleanup } = registry.server;
  const found: CleanedVersion[] = [];
  for (const repository of await cleanup.repositories(registry.project.id, "", 100)) {
    for await (const version of cleanup.repository(repository, dryRun)) found.push(version);
  }
  return found;
}

const gone = async (dryRun = false) => (await cleanUp(dryRun)).map(({ digest }) => digest);

async function manifests(image = "image"): Promise<string[]> {
  const id = await registry.server.metadata.hot.repositoryId("default", registry.project.id, image);
  const rows = await registry.server.metadata.read
    .selectFrom("manifests")
    .select("digest")
    .where("repository_id", "=", id ?? "")
    .orderBy("created_at")
    .execute();
  return rows.map(({ digest }) => digest);
}

describe("cleanup", () => {
  const images = ["a", "b", "c", "d"].map(smallImage) as [SmallImage, SmallImage, SmallImage, SmallImage];
  const [a, b, c, d] = images;

  test("keeps the newest of each image, and deletes the others from the newest to the oldest", async () => {
    for (const [number, image] of images.entries()) await push(image, `v${number}`);
    await push(a, "v1", "second");
    const newest = { name: "newest", action: "Keep", mostRecentVersions: { keepCount: 2 } };
    await setRules(policies(drop({}), newest));
    expect(await gone()).toEqual([b.digest, a.digest]);
    expect(await manifests()).toEqual([c.digest, d.digest]);
    expect(await manifests("second")).toEqual([a.digest]);
    expect(await gone()).toEqual([]);
  });

  test("deletes what is older than a time, and only then", async () => {
    await push(a, "old");
    await push(b, "new");
    await setRules(policies(drop({ olderThan: "10m" })));
    registry.server.clock.now += 9 * minute;
    expect(await gone()).toEqual([]);
    registry.server.clock.now += 1;
    expect(await gone()).toEqual([a.digest]);
    registry.server.clock.now += minute;
    expect(await gone()).toEqual([b.digest]);
  });

  test("deletes what has no tag, also what a tag was moved away from", async () => {
    await push(a, a.digest);
    await push(b, "latest");
    await push(c, "latest");
    await setRules(policies(drop({ tagState: "UNTAGGED" })));
    expect((await gone()).sort()).toEqual([a.digest, b.digest].sort());
    expect(await manifests()).toEqual([c.digest]);
  });

  test("deletes by the beginning of a tag or of an image's name, and what one policy keeps no other deletes", async () => {
    await push(a, "alpha-1");
    await push(b, "beta-1");
    await push(c, "alpha-2", "team/app");
    await setRules(
      policies(drop({ tagState: "TAGGED", tagPrefixes: ["alpha"] }), keep({ packageNamePrefixes: ["team/"] })),
    );
    expect(await gone()).toEqual([a.digest]);
    expect(await manifests("team/app")).toEqual([c.digest]);
    await setRules(policies(drop({}), keep({ newerThan: "1000d" })));
    expect(await gone()).toEqual([]);
  });

  test("takes an index with its children and what refers to it, and never a part of what stays", async () => {
    const list = await pushIndex("list", a, b);
    const other = await pushIndex("other", b, c);
    const [signature, countersignature] = [await sign(list), await sign(await sign(list))];
    await play(registry, [{ send: "DELETE /v2/my-project/image/manifests/list", status: 202 }]);
    await setRules(policies(drop({ tagState: "UNTAGGED" })));
    const [version, ...rest] = await cleanUp();
    expect(rest).toEqual([]);
    expect(version?.digest).toBe(list);
    expect([...(version?.alongside ?? [])].sort()).toEqual([a.digest, signature, countersignature].sort());
    expect((await manifests()).sort()).toEqual([b.digest, c.digest, other].sort());
  });

  test("leaves a child that has a tag of its own", async () => {
    const list = await pushIndex("list", a, b);
    await putManifest(a.manifest, a.mediaType, "child");
    await setRules(policies(drop({ tagState: "TAGGED", tagPrefixes: ["list"] })));
    expect(await cleanUp()).toMatchObject([{ digest: list, alongside: [b.digest] }]);
    expect(await manifests()).toEqual([a.digest]);
  });

  test("only says what it would do in a dry run, by the caller or by the rules", async () => {
    await push(a, "v1");
    await setRules(policies(drop({})));
    expect(await cleanUp(true)).toMatchObject([{ digest: a.digest, policy: "drop", tags: ["v1"], deleted: false }]);
    await setRules({ ...policies(drop({})), cleanupPolicyDryRun: true });
    expect(await cleanUp()).toMatchObject([{ digest: a.digest, deleted: false }]);
    expect(await registry.server.cleanup.run()).toBe(0);
    expect(await manifests()).toEqual([a.digest]);
    await setRules({ cleanupPolicyDryRun: false }, "image");
    expect(await registry.server.cleanup.run()).toBe(1);
    expect(await manifests()).toEqual([]);
  });

  test("leaves immutable tags and read-only projects alone", async () => {
    await push(a, "v1");
    await push(b, "latest");
    await setRules({ ...policies(drop({})), dockerConfig: { immutableTagPatterns: ["v*"] } });
    const { metadata } = registry.server;
    await metadata.write((write) => setReadOnlyAt(write, registry.project.id, 1));
    expect(await cleanUp()).toMatchObject([{ digest: b.digest, deleted: false }]);
    await metadata.write((write) => setReadOnlyAt(write, registry.project.id, null));
    expect(await cleanUp()).toMatchObject([{ digest: b.digest, deleted: true }]);
    expect(await manifests()).toEqual([a.digest]);
  });

  test("writes into a tag's history that it was cleanup", async () => {
    await push(a, "v1");
    await setRules(policies(drop({})));
    await cleanUp();
    const id = (await registry.server.metadata.hot.repositoryId("default", registry.project.id, "image")) as string;
    expect((await tagHistory(registry.server.metadata.read, id, "v1")).at(-1)).toMatchObject({
      fromDigest: a.digest,
      toDigest: null,
      changedBy: "cleanup",
    });
  });

  test("leaves a version that is tagged, or put into an index, between the question and the act", async () => {
    for (const image of images) await push(image, image.digest);
    await setRules(policies(drop({ tagState: "UNTAGGED" })));
    const [repository] = await registry.server.cleanup.repositories(registry.project.id, "", 1);
    if (!repository) throw new Error("no repository");
    const deleted: string[] = [];
    for await (const { digest } of registry.server.cleanup.repository(repository, false)) {
      deleted.push(digest);
      if (deleted.length > 1) continue;
      // All four are judged by now; those below are pushed to before their turn.
      await putManifest(c.manifest, c.mediaType, "saved");
      const child = JSON.stringify({
        schemaVersion: 2,
        mediaType: indexType,
        manifests: [descriptor(b.mediaType, b.manifest)],
      });
      await putManifest(child, indexType, "index");
    }
    expect(deleted).toEqual([d.digest, a.digest]);
    expect(await manifests()).toContain(c.digest);
    expect(await manifests()).toContain(b.digest);
  });

  test("goes through more than a page of versions and repositories", async () => {
    const { metadata } = registry.server;
    await push(a, "v0");
    const id = (await metadata.hot.repositoryId("default", registry.project.id, "image")) as string;
    const { insertManifest } = await import("../../../src/storage/metadata/manifests.ts");
    await metadata.write(async (write) => {
      for (let number = 0; number < 450; number++) {
        const body = Buffer.from(`{"number":${number}}`);
        const row = { mediaType: a.mediaType, artifactType: null, subjectDigest: null, imageSize: 1, pushedBy: "x" };
        const createdAt = registry.server.clock.now + number;
        await insertManifest(write, { repositoryId: id, digest: digestOf(body), createdAt, body, ...row }, []);
      }
    });
    await setRules(policies(drop({}), { name: "few", action: "Keep", mostRecentVersions: { keepCount: 7 } }));
    expect(await registry.server.cleanup.run()).toBe(444);
    expect(await manifests()).toHaveLength(7);
  });
});
