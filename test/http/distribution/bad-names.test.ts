/** Names, tags and digests that are none: each with its answer, and nothing of it left behind. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { digestOf, type Exchange, play, pushBlobs, type Registry, remains, startRegistry } from "./exchanges.ts";

let registry: Registry;
let before: unknown;
beforeAll(async () => {
  registry = await startRegistry();
  await pushBlobs(registry, "my-project/image", "{}", "layer");
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
    "GET /v2/NAME/referrers/sha256:0000000000000000000000000000000000000000000000000000000000000000",
  ];
  test.each(names.map(([name, message]): [string, string, RegExp] => [name.slice(0, 40), name, message]))(
    "%s is refused on every path",
    async (_, name, message) => {
      const refused = { status: 400, code: "NAME_INVALID", message };
      // A project's name is no image's, and yet it has a list of what lies below it.
      const isProject = name === "image" || name === "example.com/image";
      await play(
        registry,
        (isProject ? paths : [...paths, "GET /v2/NAME/tags/list"]).map(
          (path): Exchange => ({ send: path.replace("NAME", name), ...refused }),
        ),
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
    await play(registry, [{ send, status: 400, code: "NAME_INVALID" }]);
  });
});

async function ownerOf({ server }: Registry): Promise<Record<string, string>> {
  const key = JSON.stringify(await server.ownerKey());
  return { authorization: `Basic ${Buffer.from(`_json_key:${key}`).toString("base64")}` };
}

test.each(["a%00b", "a".repeat(256)])("referrers of the type %s are refused: nothing can have it", async (type) => {
  const send = `GET /v2/my-project/image/referrers/${digest}?artifactType=${type}`;
  await play(registry, [{ send, status: 400, code: "MANIFEST_INVALID", message: /media type/ }]);
});
