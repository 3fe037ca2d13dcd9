import { afterEach, beforeEach, expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { objectPath } from "../../src/storage/blobs/filesystem.ts";
import { digestOf, play, type Registry, remains, startRegistry } from "../http/distribution/exchanges.ts";

const uploads = "/v2/my-project/image/blobs/uploads/";
const day = 24 * 60 * 60 * 1000;

let registry: Registry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.server.close());

test("an idle upload expires with its bytes, one that was continued does not", async () => {
  const before = await remains(registry);
  const { uploads: service, clock } = registry.server;
  await play(registry, [
    { send: `POST ${uploads}`, status: 202 },
    { send: "PATCH {location}", body: "abandoned", status: 202 },
  ]);
  const alive = await play(registry, [{ send: `POST ${uploads}`, status: 202 }]);
  clock.now += 1000;
  await play(registry, [{ send: `PATCH ${alive}`, body: "alive", status: 202 }]);
  clock.now += day - 1000;
  expect(await service.cancelExpired()).toBe(1);
  expect(await remains(registry)).toMatchObject({ uploads: 1, files: [expect.any(String)] });
  clock.now += 1000;
  expect(await service.cancelExpired()).toBe(1);
  expect(await service.cancelExpired()).toBe(0);
  expect(await remains(registry)).toEqual(before);
});

test("any number of uploads expires at once", async () => {
  await Promise.all(Array.from({ length: 250 }, () => play(registry, [{ send: `POST ${uploads}`, status: 202 }])));
  registry.server.clock.now += day;
  expect(await registry.server.uploads.cancelExpired()).toBe(250);
  expect(await remains(registry)).toMatchObject({ uploads: 0 });
});

test("an upload whose last bytes a power cut took tells how many there are, and goes on from there", async () => {
  const location = await play(registry, [
    { send: `POST ${uploads}`, status: 202 },
    { send: "PATCH {location}", body: "0123456789", status: 202, gives: { range: "0-9" } },
  ]);
  const row = await registry.server.metadata.read.selectFrom("uploads").select("object_key").executeTakeFirstOrThrow();
  truncateSync(objectPath(join(registry.server.folder, "objects"), row.object_key), 4);
  await play(registry, [
    { send: `GET ${location}`, status: 204, gives: { range: "0-3" } },
    { send: `PATCH ${location}`, headers: { "content-range": "10-11" }, body: "ab", status: 416 },
    { send: `PATCH ${location}`, headers: { "content-range": "4-9" }, body: "456789", status: 202 },
    { send: `PUT ${location}?digest=${digestOf("0123456789")}`, status: 201 },
    { send: `GET /v2/my-project/image/blobs/${digestOf("0123456789")}`, status: 200, bytes: "0123456789" },
  ]);
});
