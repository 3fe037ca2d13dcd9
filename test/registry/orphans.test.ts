import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeOrphans } from "../../src/registry/orphans.ts";
import { objectPath, openFilesystemBlobs } from "../../src/storage/blobs/filesystem.ts";
import { play, pushBlobs, type Registry, remains, startRegistry } from "../http/distribution/exchanges.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.server.close());

test("objects that no row knows go, unless they are younger than the process; blobs and uploads stay", async () => {
  await pushBlobs(registry, "my-project/image", "a blob");
  await play(registry, [
    { send: "POST /v2/my-project/image/blobs/uploads/", status: 202 },
    { send: "PATCH {location}", body: "an upload", status: 202 },
  ]);
  const { files } = (await remains(registry)) as { files: string[] };
  const objects = join(registry.server.folder, "objects");
  const [old, young, strange] = ["0".repeat(32), "f".repeat(32), "00-no-key"].map((key) => objectPath(objects, key));
  const startedAt = Date.now();
  for (const path of [old, young, strange]) {
    writeFileSync(path as string, "left behind");
    utimesSync(path as string, new Date(), new Date(startedAt + (path === young ? 1 : -1000)));
  }
  for (const key of files) utimesSync(objectPath(objects, key), new Date(0), new Date(0));

  const store = await openFilesystemBlobs(objects);
  const { metadata } = registry.server;
  expect(await removeOrphans(metadata, store, startedAt, AbortSignal.abort())).toBe(0);
  expect(await removeOrphans(metadata, store, startedAt)).toBe(1);
  expect([old, young, strange].map((path) => existsSync(path as string))).toEqual([false, true, true]);
  for (const key of files) expect(existsSync(objectPath(objects, key))).toBe(true);
  expect(await removeOrphans(metadata, store, startedAt)).toBe(0);
});
