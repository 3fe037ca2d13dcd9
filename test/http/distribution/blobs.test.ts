import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { digestOf, play, pushBlobs, type Registry, startRegistry } from "./exchanges.ts";

let registry: Registry;
const content = "0123456789".repeat(10);
const digest = digestOf(content);
const at = `/v2/my-project/image/blobs/${digest}`;

beforeAll(async () => {
  registry = await startRegistry();
  await pushBlobs(registry, "my-project/image", content, "");
  await pushBlobs(registry, "other-project/image", "of others");
});
afterAll(() => registry.server.close());

const headers = {
  "content-type": "application/octet-stream",
  "docker-content-digest": digest,
  etag: `"${digest}"`,
  "accept-ranges": "bytes",
  "content-disposition": "attachment",
  "x-content-type-options": "nosniff",
};

test("a blob is given whole, and HEAD gives the same headers without it", async () => {
  const whole = { ...headers, "content-length": "100", "content-range": undefined };
  await play(registry, [
    { send: `GET ${at}`, as: "reader", status: 200, bytes: content, gives: whole },
    { send: `HEAD ${at}`, as: "reader", status: 200, bytes: "", gives: whole },
    { send: `GET ${at.replace(":", "%3A")}`, as: "reader", status: 200, bytes: content },
  ]);
});

/** RFC 9110 section 14. */
describe("a part of a blob", () => {
  const parts: [string, string, string][] = [
    ["bytes=0-9", "bytes 0-9/100", content.slice(0, 10)],
    ["bytes=0-0", "bytes 0-0/100", "0"],
    ["bytes=99-99", "bytes 99-99/100", "9"],
    ["bytes=95-", "bytes 95-99/100", "56789"],
    ["bytes=90-1000", "bytes 90-99/100", content.slice(90)],
    ["bytes=-3", "bytes 97-99/100", "789"],
    ["bytes=-1000", "bytes 0-99/100", content],
    ["bytes=0-", "bytes 0-99/100", content],
  ];
  test.each(parts)("%s", async (range, contentRange, bytes) => {
    const gives = { ...headers, "content-range": contentRange, "content-length": `${bytes.length}` };
    await play(registry, [{ send: `GET ${at}`, headers: { range }, status: 206, bytes, gives }]);
  });

  test.each(["bytes=100-", "bytes=100-200", "bytes=-0"])(
    "%s does not exist: 416 tells how long the blob is",
    async (range) => {
      const gives = { "content-range": "bytes */100" };
      await play(registry, [{ send: `GET ${at}`, headers: { range }, status: 416, bytes: "", gives }]);
    },
  );

  test.each(["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=0-1,5-6", "bytes=0-9999999999999999"])(
    "%p is answered with the whole",
    async (range) => {
      await play(registry, [{ send: `GET ${at}`, headers: { range }, status: 200, bytes: content }]);
    },
  );

  test("of an empty blob there is none", async () => {
    const send = `GET /v2/my-project/image/blobs/${digestOf("")}`;
    await play(registry, [
      { send, status: 200, bytes: "", gives: { "content-length": "0" } },
      { send, headers: { range: "bytes=0-" }, status: 416, gives: { "content-range": "bytes */0" } },
    ]);
  });
});

test.each([
  ["a digest that nobody pushed", `my-project/image/blobs/${digestOf("absent")}`, "BLOB_UNKNOWN"],
  ["a blob of another repository", `my-project/image/blobs/${digestOf("of others")}`, "BLOB_UNKNOWN"],
  ["a repository that nobody pushed to", `my-project/absent/blobs/${digest}`, "NAME_UNKNOWN"],
])("404 for %s", async (_, path, code) => {
  await play(registry, [
    { send: `GET /v2/${path}`, as: "both", status: 404, code },
    { send: `HEAD /v2/${path}`, as: "both", status: 404 },
  ]);
});

test("a missing and a forbidden repository answer alike", async () => {
  const answers = await Promise.all(
    ["other-project/image", "other-project/absent", "absent/absent"].map(async (repository) => {
      const answer = await registry.server.fetch(`/v2/${repository}/blobs/${digest}`, {
        headers: registry.callers.reader,
      });
      return [answer.status, (await answer.text()).replaceAll(repository, "NAME")];
    }),
  );
  expect(answers[0]?.[0]).toBe(403);
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});

test("a deleted blob is gone from its repository and stays in others", async () => {
  await pushBlobs(registry, "my-project/deleting", "shared");
  await pushBlobs(registry, "my-project/keeping", "shared");
  const path = `/v2/my-project/deleting/blobs/${digestOf("shared")}`;
  await play(registry, [
    { send: `DELETE ${path}`, as: "writer", status: 403, code: "DENIED", message: /deleteArtifacts/ },
    { send: `DELETE ${path}`, status: 202, bytes: "" },
    { send: `DELETE ${path}`, status: 404, code: "BLOB_UNKNOWN" },
    { send: `GET ${path}`, status: 404, code: "BLOB_UNKNOWN" },
    { send: `GET ${path.replace("deleting", "keeping")}`, status: 200, bytes: "shared" },
    { send: `PUT ${path}`, status: 405, code: "UNSUPPORTED" },
  ]);
});
