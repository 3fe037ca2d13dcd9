import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Rules } from "../../../src/registry/rules/rules.ts";
import { digestOf, play, pushBlobs, type Registry, startRegistry } from "../../http/distribution/exchanges.ts";
import { descriptor, type SmallImage, smallImage } from "../small-image.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

const image = "/v2/my-project/image";
const index = "application/vnd.oci.image.index.v1+json";
const refused = { status: 403, code: "DENIED", message: /immutable/ } as const;

let registry: Registry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.server.close());

const put = ({ manifest, mediaType }: SmallImage, reference: string) =>
  ({ send: `PUT ${image}/manifests/${reference}`, headers: { "content-type": mediaType }, body: manifest }) as const;

async function push(of: SmallImage, tag: string): Promise<void> {
  for (const blob of of.blobs) await pushBlobs(registry, "my-project/image", blob.toString());
  await play(registry, [{ ...put(of, tag), status: 201 }]);
}

async function setRules(rules: Rules, image?: string): Promise<void> {
  const { id: projectId } = registry.project;
  const repositoryId = image && (await registry.server.metadata.hot.repositoryId("default", projectId, image));
  await registry.server.rules.set({ projectId, repositoryId }, rules, undefined);
}

describe("an immutable tag", () => {
  const [one, two] = [smallImage("one"), smallImage("two")];

  test("cannot be moved or deleted, by its name or by its digest, also by an owner; pushing the same again is fine", async () => {
    await push(one, "v1");
    await push(two, "other");
    await setRules({ dockerConfig: { immutableTags: true } });
    await registry.server.grant("installation", `serviceAccount:${registry.accounts.both.account.id}`, "roles/owner");
    for (const as of ["pusher", "both"] as const) {
      await play(registry, [
        { ...put(two, "v1"), as, ...refused },
        { send: `DELETE ${image}/manifests/v1`, as, ...refused },
        { send: `DELETE ${image}/manifests/${one.digest}`, as, ...refused },
        { ...put(one, "v1"), as, status: 201 },
        { send: `GET ${image}/manifests/v1`, as, status: 200, bytes: one.manifest },
      ]);
    }
    await play(registry, [
      { ...put(two, "new"), status: 201 },
      { send: `DELETE ${image}/manifests/absent`, status: 404, code: "MANIFEST_UNKNOWN", message: /absent/ },
    ]);
  });

  test("is named in the refusal, with what mends it", async () => {
    await push(one, "v1");
    await setRules({ dockerConfig: { immutableTags: true } });
    const message = "the tag v1 is immutable: it can be neither moved nor deleted; push under another tag";
    const detail = { reason: "immutable tag", tag: "v1" };
    await play(registry, [
      { ...put(two, "v1"), status: 404 }, // Its blobs are not here yet.
      { send: `DELETE ${image}/manifests/v1`, status: 403, json: { errors: [{ code: "DENIED", message, detail }] } },
    ]);
  });

  test("keeps what its image is made of: blobs, and the children of an index", async () => {
    await push(one, one.digest);
    await push(two, "free");
    const list = JSON.stringify({
      schemaVersion: 2,
      mediaType: index,
      manifests: [descriptor(one.mediaType, one.manifest)],
    });
    await play(registry, [
      { send: `PUT ${image}/manifests/v1`, headers: { "content-type": index }, body: list, status: 201 },
    ]);
    await setRules({ dockerConfig: { immutableTagPatterns: ["v*"] } });
    await play(registry, [
      { send: `DELETE ${image}/manifests/${one.digest}`, ...refused },
      { send: `DELETE ${image}/manifests/${digestOf(list)}`, ...refused },
      ...one.blobs.map((blob) => ({ send: `DELETE ${image}/blobs/${digestOf(blob)}`, ...refused })),
      { send: `DELETE ${image}/manifests/${two.digest}`, status: 202 },
      ...two.blobs.map((blob) => ({ send: `DELETE ${image}/blobs/${digestOf(blob)}`, status: 202 })),
    ]);
  });

  test("may be told by patterns, and by the repository instead of its project", async () => {
    await push(one, "v1.0");
    await play(registry, [{ ...put(one, "latest"), status: 201 }]);
    await push(two, "other");
    await setRules({ dockerConfig: { immutableTagPatterns: ["v*", "release"] } });
    await play(registry, [
      { ...put(two, "v1.0"), ...refused },
      { ...put(two, "latest"), status: 201 },
      { ...put(two, "V1.0"), status: 201 },
    ]);
    await setRules({ dockerConfig: { immutableTags: false } }, "image");
    await play(registry, [{ ...put(two, "v1.0"), status: 201 }]);
    await setRules({ cleanupPolicyDryRun: true }, "image");
    await play(registry, [{ ...put(one, "v1.0"), ...refused }]);
  });

  test("of many pushes of a new one at once, one manifest wins and the others are refused", async () => {
    const images = Array.from({ length: 8 }, (_, number) => smallImage(`racer ${number}`));
    for (const each of images) await push(each, each.digest);
    await setRules({ dockerConfig: { immutableTags: true } });
    const statuses = await Promise.all(
      images.map(async (each) => {
        const headers = { ...registry.callers.pusher, "content-type": each.mediaType };
        const url = `${image}/manifests/v1`;
        return (await registry.server.fetch(url, { method: "PUT", headers, body: each.manifest })).status;
      }),
    );
    expect(statuses.toSorted()).toEqual([201, ...Array(7).fill(403)]);
    const winner = images[statuses.indexOf(201)] as SmallImage;
    await play(registry, [{ send: `GET ${image}/manifests/v1`, status: 200, bytes: winner.manifest }]);
  });
});
