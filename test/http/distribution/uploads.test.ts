import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { digestOf, type Exchange, inPieces, play, type Registry, remains, startRegistry } from "./exchanges.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.server.close());

const uploads = "/v2/my-project/image/blobs/uploads/";
const location = /^\/v2\/my-project\/image\/blobs\/uploads\/[0-9a-f]{32}$/;
const opened = (range = "0-0"): Partial<Exchange> => ({
  status: 202,
  gives: { location, range, "docker-upload-uuid": /^[0-9a-f]{32}$/ },
  bytes: "",
});
const begin = { send: `POST ${uploads}`, ...opened() } as Exchange;

/** The last request of a push, and that the blob is there byte for byte. */
function finish(content: string, send: Partial<Exchange> = {}, algorithm: "sha256" | "sha512" = "sha256"): Exchange[] {
  const digest = digestOf(content, algorithm);
  const at = `/v2/my-project/image/blobs/${digest}`;
  return [
    {
      send: `PUT {location}?digest=${digest}`,
      ...send,
      status: 201,
      gives: { location: at, "docker-content-digest": digest },
      bytes: "",
    },
    { send: `GET ${at}`, status: 200, bytes: content, gives: { "content-length": `${Buffer.byteLength(content)}` } },
  ];
}

/** distribution-spec: Pushing blobs. */
const forms: [string, Exchange[]][] = [
  ["POST, then PUT with everything", [begin, ...finish("post-put", { body: "post-put" })]],
  [
    "POST, then PUT with an encoded digest",
    [begin, { send: `PUT {location}?digest=${encodeURIComponent(digestOf("encoded"))}`, body: "encoded", status: 201 }],
  ],
  [
    "POST with digest and everything",
    finish("single", { send: `POST ${uploads}?digest=${digestOf("single")}`, body: "single" }),
  ],
  [
    "POST without a slash at the end",
    [{ ...begin, send: `POST ${uploads.slice(0, -1)}` }, ...finish("slash", { body: "slash" })],
  ],
  [
    "POST, one streamed PATCH without Content-Range, PUT without a body",
    [
      begin,
      { send: "PATCH {location}", body: inPieces("str", "eam", "ed"), ...opened("0-7") } as Exchange,
      ...finish("streamed"),
    ],
  ],
  [
    "POST, several PATCHes without Content-Range, PUT with the rest",
    [
      begin,
      { send: "PATCH {location}", body: "one ", ...opened("0-3") } as Exchange,
      { send: "PATCH {location}", body: "two ", ...opened("0-7") } as Exchange,
      ...finish("one two three", { body: "three" }),
    ],
  ],
  [
    "POST, PATCHes with Content-Range, PUT with the last chunk",
    [
      begin,
      {
        send: "PATCH {location}",
        headers: { "content-range": "0-3", "content-length": "4" },
        body: "abcd",
        ...opened("0-3"),
      } as Exchange,
      {
        send: "PATCH {location}",
        headers: { "content-range": "4-5", "content-length": "2" },
        body: "ef",
        ...opened("0-5"),
      } as Exchange,
      ...finish("abcdefg", { headers: { "content-range": "6-6", "content-length": "1" }, body: "g" }),
    ],
  ],
  [
    "a chunk that came out of order is refused and may be sent again",
    [
      begin,
      { send: "PATCH {location}", headers: { "content-range": "0-2" }, body: "abc", ...opened("0-2") } as Exchange,
      {
        send: "PATCH {location}",
        headers: { "content-range": "6-8" },
        body: "ghi",
        status: 416,
        code: "RANGE_INVALID",
        message: /continue there/,
      },
      {
        send: "PATCH {location}",
        headers: { "content-range": "0-2" },
        body: "abc",
        status: 416,
        code: "RANGE_INVALID",
      },
      { send: "GET {location}", status: 204, gives: { location, range: "0-2" }, bytes: "" },
      { send: "PATCH {location}", headers: { "content-range": "3-5" }, body: "def", ...opened("0-5") } as Exchange,
      ...finish("abcdef"),
    ],
  ],
  [
    "a first chunk that does not begin at 0 is refused",
    [
      begin,
      {
        send: "PATCH {location}",
        headers: { "content-range": "3-5" },
        body: "def",
        status: 416,
        code: "RANGE_INVALID",
      },
      ...finish("after 416", { body: "after 416" }),
    ],
  ],
  [
    "a last chunk that came out of order leaves the upload open",
    [
      begin,
      { send: "PATCH {location}", body: "ab", ...opened("0-1") } as Exchange,
      {
        send: `PUT {location}?digest=${digestOf("abcd")}`,
        headers: { "content-range": "4-5" },
        body: "cd",
        status: 416,
        code: "RANGE_INVALID",
      },
      ...finish("abcd", { headers: { "content-range": "2-3" }, body: "cd" }),
    ],
  ],
  [
    "a malformed Content-Range is refused",
    [
      begin,
      ...["bytes 0-2/3", "0", "a-b", "5-2", "0-1", "-", "0-99999999999999999999"].map(
        (range): Exchange => ({
          send: "PATCH {location}",
          headers: { "content-range": range, "content-length": "3" },
          body: "abc",
          status: 416,
          code: "RANGE_INVALID",
        }),
      ),
      { send: "GET {location}", status: 204, gives: { range: "0-0" } },
      { send: "DELETE {location}", status: 204 },
    ],
  ],
  [
    "a cancelled upload is gone",
    [
      begin,
      { send: "PATCH {location}", body: "gone", ...opened("0-3") } as Exchange,
      { send: "DELETE {location}", status: 204, bytes: "" },
      ...["GET", "PATCH", "DELETE"].map(
        (method): Exchange => ({ send: `${method} {location}`, status: 404, code: "BLOB_UPLOAD_UNKNOWN" }),
      ),
      {
        send: `PUT {location}?digest=${digestOf("gone")}`,
        status: 404,
        code: "BLOB_UPLOAD_UNKNOWN",
        message: /begin a new one/,
      },
    ],
  ],
  [
    "a finished upload is gone, its blob stays",
    [
      begin,
      ...finish("finished", { body: "finished" }).slice(0, 1),
      { send: `GET /v2/my-project/image/blobs/${digestOf("finished")}`, status: 200, bytes: "finished" },
    ],
  ],
  ["an empty blob", [begin, ...finish("")]],
  ["a blob under its SHA-512, in one piece", [begin, ...finish("sha512", { body: "sha512" }, "sha512")]],
  [
    "a blob under its SHA-512, in chunks",
    [
      begin,
      { send: "PATCH {location}", body: "sha", ...opened("0-2") } as Exchange,
      ...finish("sha-512", { body: "-512" }, "sha512"),
    ],
  ],
  ["a blob that is there may be pushed again", [begin, ...finish("single", { body: "single" })]],
];

describe("every way to push a blob", () => {
  test.each(forms)("%s", async (_, exchanges) => {
    await play(registry, exchanges);
    expect(await remains(registry)).toMatchObject({ uploads: 0 });
  });
});

test("a digest that does not match ends the upload and leaves nothing", async () => {
  const before = await remains(registry);
  const wrong = digestOf("something else");
  const refused = {
    body: "content",
    status: 400,
    code: "DIGEST_INVALID",
    message: /have the digest sha256:.*, not sha256:/,
  };
  await play(registry, [
    begin,
    { send: `PUT {location}?digest=${wrong}`, ...refused },
    { send: "GET {location}", status: 404, code: "BLOB_UPLOAD_UNKNOWN" },
    begin,
    { send: "PATCH {location}", body: "cont", ...opened("0-3") } as Exchange,
    { send: `PUT {location}?digest=${wrong}`, ...refused, body: "ent" },
    { send: `POST ${uploads}?digest=${wrong}`, ...refused },
    begin,
    { send: `PUT {location}?digest=${digestOf("x", "sha512")}`, ...refused, message: /sha512:.*, not sha512:/ },
    { send: `HEAD /v2/my-project/image/blobs/${wrong}`, status: 404 },
  ]);
  expect(await remains(registry)).toEqual(before);
});

test.each([
  "",
  "sha256:abc",
  `sha256:${"A".repeat(64)}`,
  `md5:${"a".repeat(32)}`,
  "latest",
  `sha256:${"a".repeat(65)}`,
])("a digest that is none is refused before a byte is taken: %p", async (digest) => {
  const before = await remains(registry);
  const refused = { status: 400, code: "DIGEST_INVALID", message: /write sha256: and 64 hex digits/ };
  await play(registry, [
    begin,
    { send: `PUT {location}?digest=${digest}`, body: "x", ...refused },
    { send: "GET {location}", status: 204, gives: { range: "0-0" } },
    { send: "DELETE {location}", status: 204 },
    { send: `POST ${uploads}?digest=${digest}`, body: "x", ...refused },
  ]);
  expect(await remains(registry)).toEqual(before);
});

test("an upload belongs to its repository and to who opened it", async () => {
  const location = await play(registry, [{ ...begin, as: "both" }]);
  const id = location.split("/").at(-1);
  const unknown = { status: 404, code: "BLOB_UPLOAD_UNKNOWN" };
  await play(registry, [
    { send: `PATCH ${location}`, as: "pusher", body: "x", ...unknown },
    { send: `GET ${location}`, as: "pusher", ...unknown },
    { send: `GET /v2/my-project/another/blobs/uploads/${id}`, as: "both", ...unknown },
    {
      send: `PUT /v2/other-project/image/blobs/uploads/${id}?digest=${digestOf("x")}`,
      as: "both",
      body: "x",
      ...unknown,
    },
    { send: `DELETE ${location}`, as: "reader", status: 403, code: "DENIED" },
    { send: `GET ${uploads}not-an-upload`, ...unknown },
    { send: `GET ${uploads}${"0".repeat(32)}`, ...unknown },
    { send: `DELETE ${location}`, as: "both", status: 204 },
  ]);
});

test("other methods are refused with the one that works", async () => {
  await play(registry, [
    { send: `PUT ${uploads}`, status: 405, code: "UNSUPPORTED", message: /POST/ },
    { send: `GET ${uploads}`, status: 405, code: "UNSUPPORTED" },
    begin,
    { send: "POST {location}", status: 405, code: "UNSUPPORTED", message: /PATCH.*PUT/ },
    { send: "DELETE {location}", status: 204 },
  ]);
});

test("chunks that are sent at the same time are taken one after the other, and none twice", async () => {
  const location = await play(registry, [begin]);
  const patches = Array.from({ length: 10 }, () =>
    registry.server.fetch(location, {
      method: "PATCH",
      headers: { ...registry.callers.pusher, "content-range": "0-2" },
      body: "abc",
    }),
  );
  const statuses = (await Promise.all(patches)).map(({ status }) => status).sort();
  expect(statuses).toEqual([202, ...Array(9).fill(416)]);
  await play(registry, finish("abc", { send: `PUT ${location}?digest=${digestOf("abc")}` }));
});
