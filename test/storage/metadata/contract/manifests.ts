import { expect, test } from "bun:test";
import { deleteManifest, insertManifest, missingManifests } from "../../../../src/storage/metadata/manifests.ts";
import { putTag } from "../../../../src/storage/metadata/tags.ts";
import type { Suite } from "../databases.ts";
import { addManifest, addRepository, digestOf, manifestRow, newId, now } from "../fixtures.ts";

const change = { at: now, by: "user-1" };

export function manifests(suite: Suite): void {
  test.each([
    ["nothing but zeros", new Uint8Array(4096)],
    ["every byte", Uint8Array.from({ length: 1024 }, (_, index) => index)],
    ["one byte", new Uint8Array([0])],
    ["4 MiB", crypto.getRandomValues(new Uint8Array(65_536)).slice()],
    ["a part of a larger buffer", new Uint8Array(100).fill(7).subarray(3, 9)],
  ])("a body comes back byte for byte: %s", async (name, part) => {
    const body = name === "4 MiB" ? new Uint8Array(Buffer.alloc(4 * 1024 * 1024, part)) : part;
    const repository = await addRepository(suite.metadata);
    const manifest = manifestRow(repository, { body });
    await suite.metadata.write((write) => insertManifest(write, manifest, []));
    const found = await suite.metadata.hot.manifest(repository, manifest.digest);
    expect(found?.mediaType).toBe(manifest.mediaType);
    expect(Buffer.compare(found?.body as Uint8Array, body)).toBe(0);
    expect(await suite.metadata.hot.manifestHead(repository, manifest.digest)).toEqual({
      mediaType: manifest.mediaType,
      size: body.byteLength,
    });
  });

  test("a manifest that is there stays as it is, with what it refers to", async () => {
    const repository = await addRepository(suite.metadata);
    const manifest = manifestRow(repository, { artifactType: "application/vnd.example", subjectDigest: digestOf("s") });
    const reference = {
      kind: "layer",
      digest: digestOf("layer"),
      mediaType: "m",
      size: 9_007_199_254_740_991,
    } as const;
    await suite.metadata.write((write) => insertManifest(write, manifest, [reference]));
    const again = { ...manifest, mediaType: "another/type", pushedBy: "user-2" };
    await suite.metadata.write((write) => insertManifest(write, again, [reference, reference]));

    const rows = await suite.metadata.read
      .selectFrom("manifests")
      .selectAll()
      .where("repository_id", "=", repository)
      .execute();
    expect(rows).toHaveLength(1);
    const { body, ...row } = rows[0] as (typeof rows)[0];
    expect(Buffer.compare(body, manifest.body)).toBe(0);
    expect(row).toEqual({
      repository_id: repository,
      digest: manifest.digest,
      media_type: manifest.mediaType,
      artifact_type: "application/vnd.example",
      subject_digest: digestOf("s"),
      size: manifest.body.byteLength,
      image_size: 12,
      created_at: now,
      pushed_by: "user-1",
    });
    expect(await referencesOf(repository, manifest.digest)).toEqual([{ position: 0, ...reference }]);
  });

  test("references keep their order, also beyond one statement's worth", async () => {
    const repository = await addRepository(suite.metadata);
    const manifest = manifestRow(repository);
    const references = Array.from({ length: 1001 }, (_, size) => ({
      kind: size === 0 ? ("config" as const) : ("layer" as const),
      digest: digestOf(newId()),
      mediaType: "application/octet-stream",
      size,
    }));
    await suite.metadata.write((write) => insertManifest(write, manifest, references));
    const found = await referencesOf(repository, manifest.digest);
    expect(found).toEqual(references.map((reference, position) => ({ position, ...reference })));
  });

  test("the same manifest in two repositories is two manifests", async () => {
    const [one, two] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    const manifest = manifestRow(one);
    await suite.metadata.write((write) => insertManifest(write, manifest, []));
    expect(await suite.metadata.hot.manifest(two, manifest.digest)).toBeUndefined();
    await suite.metadata.write((write) => insertManifest(write, { ...manifest, repositoryId: two }, []));
    await suite.metadata.write((write) => deleteManifest(write, one, manifest.digest, now));
    expect(await suite.metadata.hot.manifest(one, manifest.digest)).toBeUndefined();
    expect(await suite.metadata.hot.manifest(two, manifest.digest)).toBeDefined();
  });

  test("deleteManifest takes the references along and answers whether it was there", async () => {
    const repository = await addRepository(suite.metadata);
    const manifest = manifestRow(repository);
    const references = ["a", "b", "c"].map((name) => ({
      kind: "layer" as const,
      digest: digestOf(name),
      mediaType: "m",
      size: 1,
    }));
    await suite.metadata.write((write) => insertManifest(write, manifest, references));
    expect(await suite.metadata.write((write) => deleteManifest(write, repository, manifest.digest, now))).toBe(true);
    expect(await suite.metadata.write((write) => deleteManifest(write, repository, manifest.digest, now))).toBe(false);
    expect(await suite.metadata.hot.manifestHead(repository, manifest.digest)).toBeUndefined();
    expect(await referencesOf(repository, manifest.digest)).toEqual([]);
  });

  test("a manifest that a tag points at cannot be deleted, and one of no repository cannot be stored", async () => {
    const repository = await addRepository(suite.metadata);
    const digest = await addManifest(suite.metadata, repository);
    await suite.metadata.write((write) => putTag(write, repository, "latest", digest, change));
    await expect(suite.metadata.write((write) => deleteManifest(write, repository, digest, now))).rejects.toThrow(
      /foreign key/i,
    );
    expect(await suite.metadata.hot.manifest(repository, digest)).toBeDefined();
    await expect(
      suite.metadata.write((write) => insertManifest(write, manifestRow("no-such-repository"), [])),
    ).rejects.toThrow(/foreign key/i);
  });

  test("missingManifests names those that are not of the repository", async () => {
    const [repository, other] = [await addRepository(suite.metadata), await addRepository(suite.metadata)];
    const [here, elsewhere] = [await addManifest(suite.metadata, repository), await addManifest(suite.metadata, other)];
    const absent = Array.from({ length: 450 }, newId).map(digestOf);
    const missing = await missingManifests(suite.metadata.read, repository, [here, ...absent, elsewhere, here]);
    expect(missing.sort()).toEqual([...absent, elsewhere].sort());
    expect(await missingManifests(suite.metadata.read, repository, [])).toEqual([]);
  });

  async function referencesOf(repositoryId: string, digest: string) {
    return suite.metadata.read
      .selectFrom("manifest_references")
      .select(["position", "kind", "digest", "media_type as mediaType", "size"])
      .where("repository_id", "=", repositoryId)
      .where("manifest_digest", "=", digest)
      .orderBy("position")
      .execute();
  }
}
