/** What a client may get wrong, or send on purpose: each with its answer, and nothing of it left behind. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  descriptor,
  digestOf,
  type Exchange,
  play,
  pushBlobs,
  type Registry,
  remains,
  startRegistry,
} from "./exchanges.ts";

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

const digest = digestOf("layer");

describe("a repository's name", () => {
  const longest = `my-project/${"a".repeat(255 - "my-project/".length)}`;
  const names: [string, RegExp][] = [
    ["my-project/Image", /lower-case/],
    ["My-project/image", /lower-case/],
    ["my-project/im%61ge", /lower-case/],
    ["my-project/%2e%2e%2fetc", /lower-case/],
    ["my-project/..%2f..%2fetc%2fpasswd", /lower-case/],
    ["my-project/image%00", /lower-case/],
    ["my-project/im%20age", /lower-case/],
    ["my-project/%C3%A9", /lower-case/],
    ["my-project//image", /lower-case/],
    ["my-project/-image", /lower-case/],
    ["my-project/image-", /lower-case/],
    ["my-project/.image", /lower-case/],
    ["my-project/im..age", /lower-case/],
    ["my-project/im._age", /lower-case/],
    ["my-project/im___age", /lower-case/],
    ["my-project/image:latest", /lower-case/],
    ["my-project/image@sha256", /lower-case/],
    [`${longest}a`, /255 characters at most/],
    ["my-project/".padEnd(100_000, "a"), /255 characters at most/],
    ["image", /PROJECT\/IMAGE/],
    ["example.com/image", /DOMAIN\/PROJECT\/IMAGE/],
  ];
  const paths = [
    `GET /v2/NAME/blobs/${digest}`,
    "POST /v2/NAME/blobs/uploads/",
    "PUT /v2/NAME/manifests/latest",
    "GET /v2/NAME/tags/list",
  ];
  test.each(names.map(([name, message]): [string, string, RegExp] => [name.slice(0, 40), name, message]))(
    "%s is refused on every path",
    async (_, name, message) => {
      const refused = { status: 400, code: "NAME_INVALID", message };
      await play(
        registry,
        paths.map((path): Exchange => ({ send: path.replace("NAME", name), ...refused })),
      );
    },
  );

  test("that climbs out of /v2/ leads nowhere", async () => {
    for (const path of ["/v2/my-project/../../etc/passwd", "/v2/%2e%2e/%2E%2e/etc/passwd", "/v2/my-project/./../x"]) {
      const answer = await registry.server.fetch(path, { headers: registry.callers.pusher });
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain("nothing at this path");
    }
  });

  test("of 255 characters is a name", async () => {
    const send = `GET /v2/${longest}/tags/list`;
    await play(registry, [{ send, status: 404, code: "NAME_UNKNOWN" }]);
  });

  test("in a project that does not exist is refused with the command that makes one", async () => {
    registry.callers = { ...registry.callers, owner: await ownerOf(registry) } as never;
    await play(registry, [
      {
        send: "POST /v2/absent/image/blobs/uploads/",
        as: "owner" as never,
        status: 404,
        code: "NAME_UNKNOWN",
        message: /waybill projects create absent/,
      },
    ]);
  });
});

describe("a tag", () => {
  test.each([".hidden", "-dash", "a".repeat(129), "sp%20ace", "%C3%A9", "a%00", "a%2Fb", "a+b", "a%25"])(
    "%s is refused",
    async (tag) => {
      const refused = { status: 400, code: "TAG_INVALID", message: /128 letters/ };
      const headers = { "content-type": "application/vnd.oci.image.index.v1+json" };
      await play(registry, [
        {
          send: `PUT /v2/my-project/image/manifests/${tag}`,
          headers,
          body: '{"schemaVersion":2,"manifests":[]}',
          ...refused,
        },
        { send: `GET /v2/my-project/image/manifests/${tag}`, ...refused },
      ]);
    },
  );

  test.each(["sha256:abc", "sha256:", "md5:d41d8cd98f00b204e9800998ecf8427e", `sha256:${"A".repeat(64)}`, "a:b"])(
    "%s is neither a tag nor a digest",
    async (reference) => {
      await play(registry, [
        { send: `PUT /v2/my-project/image/manifests/${reference}`, body: "{}", status: 400, code: "DIGEST_INVALID" },
        {
          send: `GET /v2/my-project/image/blobs/${reference}`,
          status: 400,
          code: "DIGEST_INVALID",
          message: /64 hex digits/,
        },
      ]);
    },
  );

  test("whose path is not well-formed is refused", async () => {
    const send = "GET /v2/my-project/image/manifests/%zz";
    await play(registry, [{ send, status: 400, code: "NAME_INVALID", message: /not well-formed/ }]);
  });

  test("list that begins after a name with a zero byte is refused: PostgreSQL has no such text", async () => {
    const send = "GET /v2/my-project/image/tags/list?last=a%00b";
    await play(registry, [{ send, status: 400, code: "TAG_INVALID" }]);
  });
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

async function ownerOf({ server }: Registry): Promise<Record<string, string>> {
  const key = JSON.stringify(await server.ownerKey());
  return { authorization: `Basic ${Buffer.from(`_json_key:${key}`).toString("base64")}` };
}
