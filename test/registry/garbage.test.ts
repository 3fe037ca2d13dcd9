import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Blobs } from "../../src/registry/blobs.ts";
import type { Digest } from "../../src/registry/digest.ts";
import { Garbage } from "../../src/registry/garbage.ts";
import { previewGarbage } from "../../src/registry/garbage-preview.ts";
import { nothingCollected } from "../../src/registry/garbage-report.ts";
import { parseRepository } from "../../src/registry/repository.ts";
import { resolveRepository } from "../../src/registry/resolve.ts";
import { digestOf, play, pushBlobs, type Registry, remains, startRegistry } from "../http/distribution/exchanges.ts";
import { descriptor, type SmallImage, smallImage } from "./small-image.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

/** Short beside the life of a token. */
const half = 5 * 60_000;
/** Readers that looked a blob up just before have gone. */
const lateReaders = 60_000;
const index = "application/vnd.oci.image.index.v1+json";
const repository = "/v2/my-project/image";

let registry: Registry;
let garbage: Garbage;
beforeEach(async () => {
  registry = await startRegistry();
  const { metadata, store, clock } = registry.server;
  garbage = new Garbage(metadata, store, { graceMilliseconds: 2 * half }, () => clock.now);
});
afterEach(() => registry.server.close());

async function push(image: SmallImage, tag: string, name = "my-project/image"): Promise<void> {
  for (const blob of image.blobs) await pushBlobs(registry, name, blob.toString());
  await pushManifest(image.manifest, image.mediaType, tag, name);
}

async function pushManifest(
  body: Uint8Array<ArrayBuffer> | string,
  mediaType: string,
  tag: string,
  name = "my-project/image",
) {
  const headers = { "content-type": mediaType };
  await play(registry, [{ send: `PUT /v2/${name}/manifests/${tag}`, as: "both", headers, body, status: 201 }]);
}

/** Moves the clock on, and collects. */
async function collectAfter(milliseconds: number) {
  registry.server.clock.now += milliseconds;
  return await garbage.collect();
}

/** What is not nothing. */
function done(report: object): object {
  return Object.fromEntries(Object.entries(report).filter(([, count]) => count !== 0));
}

const statusOf = async (path: string, as: keyof Registry["callers"] = "both", method = "HEAD") =>
  (await registry.server.fetch(path, { method, headers: registry.callers[as] })).status;

describe("a blob that no manifest names", () => {
  test("is hidden after half the grace period and gone with its bytes after all of it", async () => {
    const empty = await remains(registry);
    await pushBlobs(registry, "my-project/image", "forgotten");
    const path = `${repository}/blobs/${digestOf("forgotten")}`;
    expect(await collectAfter(half - 1)).toEqual(nothingCollected);
    expect(await statusOf(path)).toBe(200);
    expect(done(await collectAfter(1))).toEqual({ hidden: 1 });
    expect(await statusOf(path)).toBe(404);
    expect(done(await collectAfter(half - 1))).toEqual({});
    expect(done(await collectAfter(1))).toEqual({ links: 1, blobs: 1, bytes: 9 });
    expect(await remains(registry)).toMatchObject({ blobs: 0, blob_links: 0, objects: 0, files: [expect.any(String)] });
    expect(done(await collectAfter(lateReaders))).toEqual({ objects: 1, removedBytes: 9 });
    expect(done(await collectAfter(half))).toEqual({ repositories: 1 });
    expect(await remains(registry)).toEqual(empty);
    expect(await collectAfter(2 * half)).toEqual(nothingCollected);
  });

  test("is taken by a manifest while it is hidden, and seen again", async () => {
    const image = smallImage("late");
    for (const blob of image.blobs) await pushBlobs(registry, "my-project/image", blob.toString());
    expect(done(await collectAfter(half))).toEqual({ hidden: 2 });
    await pushManifest(image.manifest, image.mediaType, "late");
    expect(await collectAfter(half)).toEqual(nothingCollected);
    expect(await collectAfter(half)).toEqual(nothingCollected);
    for (const blob of image.blobs) expect(await statusOf(`${repository}/blobs/${digestOf(blob)}`)).toBe(200);
  });

  test("waits anew when it is pushed again, visible or hidden", async () => {
    const path = `${repository}/blobs/${digestOf("again")}`;
    await pushBlobs(registry, "my-project/image", "again");
    registry.server.clock.now += half - 1;
    await pushBlobs(registry, "my-project/image", "again");
    expect(await collectAfter(half - 1)).toMatchObject({ hidden: 0 });
    expect(await collectAfter(1)).toMatchObject({ hidden: 1 });
    await pushBlobs(registry, "my-project/image", "again");
    expect(await statusOf(path)).toBe(200);
    expect(await collectAfter(half - 1)).toMatchObject({ hidden: 0, links: 0, blobs: 0 });
    expect(await statusOf(path)).toBe(200);
  });

  test("is kept where another repository has a manifest that names it", async () => {
    const image = smallImage("shared");
    await push(image, "v1");
    for (const blob of image.blobs) await pushBlobs(registry, "other-project/copy", blob.toString());
    expect(await collectAfter(half)).toMatchObject({ hidden: 2 });
    const mount = `POST /v2/my-project/third/blobs/uploads/?mount=${digestOf(image.blobs[1] ?? "")}&from=other-project/copy`;
    await play(registry, [{ send: mount, as: "both", status: 202 }]);
    expect(done(await collectAfter(half))).toEqual({ links: 2 });
    expect(await statusOf(`/v2/other-project/copy/blobs/${digestOf(image.blobs[1] ?? "")}`)).toBe(404);
    expect(await statusOf(`${repository}/blobs/${digestOf(image.blobs[1] ?? "")}`)).toBe(200);
  });

  test("that was deleted by its pusher is gone with its bytes, unless somebody else has it", async () => {
    const [one, both] = [digestOf("one"), digestOf("both")];
    await pushBlobs(registry, "my-project/image", "one", "both");
    await pushBlobs(registry, "other-project/image", "both");
    await play(registry, [
      { send: `DELETE ${repository}/blobs/${one}`, status: 202 },
      { send: `DELETE ${repository}/blobs/${both}`, status: 202 },
    ]);
    expect(done(await collectAfter(half))).toMatchObject({ hidden: 1, blobs: 1, bytes: 3 });
  });
});

describe("a deleted manifest", () => {
  test("takes its blobs along after the grace period, those of its neighbours stay", async () => {
    const [gone, stays] = [smallImage("gone"), smallImage("stays")];
    await push(gone, "gone");
    await push(stays, "stays");
    await collectAfter(half);
    await play(registry, [{ send: `DELETE ${repository}/manifests/${gone.digest}`, status: 202 }]);
    expect(done(await collectAfter(half))).toEqual({ hidden: 2 });
    expect(await collectAfter(half)).toMatchObject({ links: 2, blobs: 2, repositories: 0 });
    expect(await collectAfter(lateReaders)).toMatchObject({ objects: 2 });
    for (const blob of stays.blobs) expect(await statusOf(`${repository}/blobs/${digestOf(blob)}`)).toBe(200);
    expect(await remains(registry)).toMatchObject({ blobs: 2, objects: 2, files: { length: 2 } });
  });

  test("leaves a blob that another manifest of the repository names", async () => {
    const shared = { ...smallImage("one layer"), mediaType: "application/vnd.oci.image.manifest.v1+json" };
    const [config, layer] = shared.blobs as [Uint8Array, Uint8Array];
    await push(shared, "one");
    const other = JSON.stringify({
      schemaVersion: 2,
      mediaType: shared.mediaType,
      config: descriptor("application/vnd.oci.image.config.v1+json", config),
      layers: [1, 2].map(() => descriptor("application/vnd.oci.image.layer.v1.tar", layer)),
    });
    await pushManifest(other, shared.mediaType, "two");
    await play(registry, [{ send: `DELETE ${repository}/manifests/${shared.digest}`, status: 202 }]);
    expect(done(await collectAfter(half))).toEqual({});
    expect(await remains(registry)).toMatchObject({ blobs: 2, blob_links: 2 });
  });
});

describe("a repository", () => {
  test("that was removed empty can be pushed to and pulled from again at once, by who knew it before", async () => {
    const image = smallImage("again");
    await push(image, "v1");
    expect(await statusOf(`${repository}/manifests/v1`, "reader")).toBe(200);
    await play(registry, [{ send: `DELETE ${repository}/manifests/${image.digest}`, status: 202 }]);
    // The last time the repository goes just after somebody resolved it.
    for (let time = 0; time < 3; time++) {
      registry.server.clock.now += half;
      expect(await statusOf(`${repository}/manifests/v1`, "reader")).toBe(404);
      await garbage.collect();
    }
    expect(await remains(registry)).toMatchObject({ repositories: 0, blobs: 0, tag_history: 0 });
    await push(image, "v1");
    expect(await statusOf(`${repository}/manifests/v1`, "reader")).toBe(200);
    for (const blob of image.blobs) expect(await statusOf(`${repository}/blobs/${digestOf(blob)}`, "reader")).toBe(200);
  });
});

describe("a manifest without a tag", () => {
  /** An index of two images, with a signature; then the tags are taken off. */
  async function pushIndex() {
    const [one, two, alone] = [smallImage("one"), smallImage("two"), smallImage("alone")];
    for (const image of [one, two, alone]) await push(image, image.digest);
    const children = [one, two].map(({ manifest, mediaType }) => descriptor(mediaType, manifest));
    const list = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: index, manifests: children }));
    await pushManifest(list, index, "list");
    const signature = { schemaVersion: 2, mediaType: index, manifests: [], subject: descriptor(index, list) };
    const signed = Buffer.from(JSON.stringify(signature));
    await pushManifest(signed, index, digestOf(signed));
    for (const image of [one, two, alone]) {
      await pushManifest(image.manifest, image.mediaType, "moving");
    }
    await play(registry, [{ send: `DELETE ${repository}/manifests/moving`, status: 202 }]);
    return { one, two, alone, list: digestOf(list), signature: digestOf(signed) };
  }
  const manifests = async () =>
    (await registry.server.metadata.read.selectFrom("manifests").select("digest").execute()).map(
      ({ digest }) => digest,
    );

  test("stays, without a rule that lets it go", async () => {
    await pushIndex();
    for (let time = 0; time < 4; time++) expect(await collectAfter(half)).toMatchObject({ manifests: 0, blobs: 0 });
    expect(await manifests()).toHaveLength(5);
  });

  test("goes where a rule lets it, unless an index has it or a subject that it refers to is there", async () => {
    const { one, two, alone, list, signature } = await pushIndex();
    const { metadata, clock } = registry.server;
    const settings = { graceMilliseconds: 2 * half, letsGo: async () => true };
    const eager = new Garbage(metadata, { delete: async () => {} }, settings, () => clock.now);
    clock.now += half;
    expect((await previewGarbage(metadata, eager, clock.now)).manifests).toBe(1);
    expect((await eager.collect()).manifests).toBe(1);
    expect((await manifests()).sort()).toEqual([one.digest, two.digest, list, signature].sort());
    expect(await manifests()).not.toContain(alone.digest);
    await play(registry, [{ send: `DELETE ${repository}/manifests/${list}`, status: 202 }]);
    clock.now += half;
    expect((await eager.collect()).manifests).toBe(3);
    for (let time = 0; time < 4; time++) {
      clock.now += half;
      await eager.collect();
    }
    expect(await remains(registry)).toMatchObject({ manifests: 0, manifest_references: 0, blobs: 0, repositories: 0 });
  });
});

describe("a dry run", () => {
  test("says what a collection then does, and changes nothing", async () => {
    const image = smallImage("doomed");
    await push(image, "v1");
    await pushBlobs(registry, "my-project/a", "loose", "shared");
    await pushBlobs(registry, "other-project/b", "shared");
    await play(registry, [{ send: `DELETE ${repository}/manifests/${image.digest}`, status: 202 }]);
    const { metadata, clock } = registry.server;
    for (const later of [0, half, half, lateReaders, half, half]) {
      clock.now += later;
      const before = await remains(registry);
      const foreseen = await previewGarbage(metadata, garbage, clock.now);
      expect(await remains(registry)).toEqual(before);
      const { objects: _, removedBytes: __, ...expected } = foreseen;
      expect(await garbage.collect()).toMatchObject(expected);
    }
    expect(await remains(registry)).toMatchObject({ repositories: 0, blobs: 0, objects: 0, files: [] });
  });
});

describe("between a question and the transaction that acts on its answer", () => {
  test("a push wins over a collection that has taken the review", async () => {
    const { metadata, clock } = registry.server;
    await pushBlobs(registry, "my-project/image", "wanted");
    await collectAfter(half);
    const interrupted: typeof metadata = {
      ...metadata,
      async write(change) {
        const leased = await metadata.write(change);
        if (Array.isArray(leased) && leased[0]?.kind === "blob")
          await pushBlobs(registry, "my-project/image", "wanted");
        return leased;
      },
    };
    clock.now += half;
    const late = new Garbage(interrupted, { delete: async () => {} }, { graceMilliseconds: 2 * half }, () => clock.now);
    expect(await late.collect()).toMatchObject({ hidden: 0, links: 0, blobs: 0 });
    expect(await statusOf(`${repository}/blobs/${digestOf("wanted")}`)).toBe(200);
  });

  test("a mount whose source was collected is no mount, and no error", async () => {
    const { metadata } = registry.server;
    await pushBlobs(registry, "my-project/image", "source");
    const digest = digestOf("source") as Digest;
    const [row] = await metadata.read.selectFrom("repositories").select(["id", "location"]).execute();
    const resolve = (path: string) => resolveRepository(metadata, parseRepository(path, row?.location ?? ""));
    const found = await metadata.hot.blob(row?.id ?? "", digest);
    expect(found).toBeDefined();
    const stale = { ...metadata, hot: Object.assign(Object.create(metadata.hot), { blob: async () => found }) };
    const blobs = new Blobs(stale, {} as never, registry.server.now);
    const mount = async () => blobs.mount(await resolve("my-project/other"), await resolve("my-project/image"), digest);
    for (let time = 0; time < 2; time++) {
      await collectAfter(half);
      expect(await mount()).toBe(false);
    }
    expect(await remains(registry)).toMatchObject({ blob_links: 0, repositories: 1 });
  });
});

describe("the bytes of what is collected", () => {
  test("stay while a backup holds them", async () => {
    await pushBlobs(registry, "my-project/image", "held");
    await collectAfter(half);
    await collectAfter(half);
    garbage.holdBytes(10 * lateReaders);
    expect(await collectAfter(2 * lateReaders)).toMatchObject({ objects: 0 });
    expect(await collectAfter(8 * lateReaders)).toMatchObject({ objects: 1, removedBytes: 4 });
  });

  test("are gone at once where a push brought what was there already, and the row of them later", async () => {
    await pushBlobs(registry, "my-project/image", "twice");
    await pushBlobs(registry, "my-project/image", "twice");
    expect(await remains(registry)).toMatchObject({ objects: 1, files: { length: 1 } });
    expect(await collectAfter(lateReaders)).toMatchObject({ objects: 1, removedBytes: 5 });
    const rows = await registry.server.metadata.read.selectFrom("removed_objects").selectAll().execute();
    expect(rows).toEqual([]);
  });
});
