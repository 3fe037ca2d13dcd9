/** Manifests that are not taken: each with its answer, and nothing of it left behind. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { descriptor, digestOf, play, pushBlobs, type Registry, remains, startRegistry } from "./exchanges.ts";

let registry: Registry;
let before: unknown;
beforeAll(async () => {
  registry = await startRegistry();
  await pushBlobs(registry, "my-project/image", "{}", "layer");
  await pushBlobs(registry, "my-project/elsewhere", "elsewhere");
});
afterAll(() => registry.server.close());
beforeEach(async () => {
  before = await remains(registry);
});
afterEach(async () => {
  expect(await remains(registry)).toEqual(before as never);
});

describe("a manifest", () => {
  const image = "application/vnd.oci.image.manifest.v1+json";
  const index = "application/vnd.oci.image.index.v1+json";
  const config = descriptor("application/vnd.oci.image.config.v1+json", "{}");
  const layer = descriptor("application/vnd.oci.image.layer.v1.tar", "layer");
  const good = { schemaVersion: 2, mediaType: image, config, layers: [layer] };
  const withLayer = (change: object) => ({ ...good, layers: [{ ...layer, ...change }] });
  const withChild = (child: object) => ({ schemaVersion: 2, manifests: [child] });

  type Row = [name: string, body: unknown, contentType: string, code: string, message: RegExp];
  const rows: Row[] = [
    ["that is not JSON", "<html>", image, "MANIFEST_INVALID", /not JSON/],
    ["that is empty", "", image, "MANIFEST_INVALID", /not JSON/],
    ["that is half a document", '{"schemaVersion":2,', image, "MANIFEST_INVALID", /not JSON/],
    [
      "that is not UTF-8",
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      image,
      "MANIFEST_INVALID",
      /not JSON/,
    ],
    ["that begins with a byte order mark", `\ufeff${JSON.stringify(good)}`, image, "MANIFEST_INVALID", /not JSON/],
    ["that is null", null, image, "MANIFEST_INVALID", /not a valid/],
    ["that is a list", [], image, "MANIFEST_INVALID", /not a valid/],
    ["that is a text", '"manifest"', image, "MANIFEST_INVALID", /not a valid/],
    ["of schema 1", { ...good, schemaVersion: 1 }, image, "MANIFEST_INVALID", /schemaVersion/],
    ["without a config", { schemaVersion: 2, layers: [] }, image, "MANIFEST_INVALID", /config/],
    ["without layers", { schemaVersion: 2, config }, image, "MANIFEST_INVALID", /layers/],
    ["that is image and index at once", { ...good, manifests: [] }, image, "MANIFEST_INVALID", /manifests/],
    [
      "that is index and image at once",
      { ...good, mediaType: index, manifests: [] },
      index,
      "MANIFEST_INVALID",
      /config|layers/,
    ],
    ["whose type differs from its Content-Type", good, index, "MANIFEST_INVALID", /./],
    [
      "whose type differs within its form",
      good,
      "application/vnd.docker.distribution.manifest.v2+json",
      "MANIFEST_INVALID",
      /says it is/,
    ],
    ["of a type nobody knows", good, "text/html", "MANIFEST_INVALID", /push an OCI or Docker v2 one/],
    [
      "of Docker's schema 1",
      good,
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      "MANIFEST_INVALID",
      /Docker v2/,
    ],
    [
      "that tells its type nowhere",
      { ...good, mediaType: undefined },
      "",
      "MANIFEST_INVALID",
      /push an OCI or Docker v2 one/,
    ],
    ["with a digest that is none", withLayer({ digest: "sha256:x" }), image, "MANIFEST_INVALID", /not a digest/],
    ["with a path for a digest", withLayer({ digest: "../../etc/passwd" }), image, "MANIFEST_INVALID", /not a digest/],
    ["with a negative size", withLayer({ size: -1 }), image, "MANIFEST_INVALID", /layers\.0\.size/],
    ["with half a byte", withLayer({ size: 0.5 }), image, "MANIFEST_INVALID", /layers\.0\.size/],
    ["with a size beyond counting", withLayer({ size: 2 ** 53 }), image, "MANIFEST_INVALID", /layers\.0\.size/],
    [
      "with sizes that add up beyond counting",
      { ...good, layers: Array(2000).fill({ ...layer, size: Number.MAX_SAFE_INTEGER }) },
      image,
      "MANIFEST_INVALID",
      /size/,
    ],
    ["with a size in words", withLayer({ size: "5" }), image, "MANIFEST_INVALID", /layers\.0\.size/],
    ["with a zero byte in a type", withLayer({ mediaType: "a/b\0" }), image, "MANIFEST_INVALID", /mediaType/],
    [
      "with a zero byte in its artifact type",
      { ...good, artifactType: "a/b\0" },
      image,
      "MANIFEST_INVALID",
      /artifactType/,
    ],
    ["with a type too long", withLayer({ mediaType: `a/${"b".repeat(254)}` }), image, "MANIFEST_INVALID", /mediaType/],
    ["with a subject that is no descriptor", { ...good, subject: "sha256" }, image, "MANIFEST_INVALID", /subject/],
    [
      "that names a layer nobody pushed",
      withLayer({ digest: digestOf("absent") }),
      image,
      "MANIFEST_BLOB_UNKNOWN",
      /push them before it/,
    ],
    [
      "that names a layer of another repository",
      withLayer({ digest: digestOf("elsewhere") }),
      image,
      "MANIFEST_BLOB_UNKNOWN",
      /push them before it/,
    ],
    [
      "that names a config nobody pushed",
      { ...good, config: { ...config, digest: digestOf("absent") } },
      image,
      "MANIFEST_BLOB_UNKNOWN",
      /does not have/,
    ],
    [
      "that names a child nobody pushed",
      withChild(descriptor(image, "absent")),
      index,
      "MANIFEST_BLOB_UNKNOWN",
      /push them before it/,
    ],
    [
      "that names a blob as its child",
      withChild({ ...layer, mediaType: image }),
      index,
      "MANIFEST_BLOB_UNKNOWN",
      /push them before it/,
    ],
  ];
  test.each(rows)("%s is refused", async (_, body, contentType, code, message) => {
    const bytes = body instanceof Uint8Array || typeof body === "string" ? body : JSON.stringify(body);
    const headers: Record<string, string> = contentType === "" ? {} : { "content-type": contentType };
    const refused = { headers, body: bytes as string, status: code === "MANIFEST_BLOB_UNKNOWN" ? 404 : 400, code };
    await play(registry, [
      { send: "PUT /v2/my-project/image/manifests/refused", ...refused, message },
      { send: "PUT /v2/my-project/brand-new/manifests/refused", ...refused },
      { send: `PUT /v2/my-project/image/manifests/${digestOf(bytes as string)}`, ...refused, message },
      { send: "GET /v2/my-project/image/manifests/refused", status: 404, code: "MANIFEST_UNKNOWN" },
      { send: "GET /v2/my-project/brand-new/tags/list", status: 404, code: "NAME_UNKNOWN" },
    ]);
  });

  test("under a digest that is not its own is refused with its own", async () => {
    const body = JSON.stringify(good);
    const headers = { "content-type": image };
    const refused = { headers, body, status: 400, code: "DIGEST_INVALID" };
    await play(registry, [
      {
        send: `PUT /v2/my-project/image/manifests/${digestOf("other")}`,
        ...refused,
        message: new RegExp(digestOf(body)),
      },
      { send: `PUT /v2/my-project/image/manifests/${digestOf("other", "sha512")}`, ...refused, message: /sha512:/ },
    ]);
  });

  test("that names ten thousand missing layers says so in a short answer", async () => {
    const layers = Array.from({ length: 10_000 }, (_, number) => ({ ...layer, digest: digestOf(`${number}`) }));
    const answer = await registry.server.fetch("/v2/my-project/image/manifests/many", {
      method: "PUT",
      headers: { ...registry.callers.pusher, "content-type": image },
      body: JSON.stringify({ ...good, layers }),
    });
    expect(answer.status).toBe(404);
    const text = await answer.text();
    expect(text).toContain("names 10000 that this repository does not have");
    expect(text.length).toBeLessThan(2000);
  });

  test("nested a hundred thousand deep is refused and the server lives on", async () => {
    const body = `{"schemaVersion":2,"config":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const refused = { status: 400, code: "MANIFEST_INVALID" };
    await play(registry, [
      { send: "PUT /v2/my-project/image/manifests/deep", headers: { "content-type": image }, body, ...refused },
    ]);
  });
});
