import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Scrub } from "../../src/registry/scrub.ts";
import { digestOf, play, pushBlobs, type Registry, startRegistry } from "../http/distribution/exchanges.ts";
import { overwriteObject } from "../storage/blobs/test-blobs.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

const day = 24 * 60 * 60 * 1000;
const settings = { periodMilliseconds: 30 * day, bytesPerSecondMax: 1000 };
const digest = digestOf("precious");
const path = `/v2/my-project/image/blobs/${digest}`;

let registry: Registry;
let scrub: Scrub;
let slept: number;
beforeEach(async () => {
  registry = await startRegistry();
  const { metadata, store, clock } = registry.server;
  slept = 0;
  scrub = new Scrub(
    metadata,
    store,
    () => clock.now,
    async (milliseconds) => {
      slept += milliseconds;
    },
  );
  await pushBlobs(registry, "my-project/image", "precious", "sound");
});
afterEach(() => registry.server.close());

/** Writes something else over the object, behind the server's back; undefined removes it. */
async function overwrite(content: string | undefined): Promise<void> {
  const blobs = registry.server.metadata.read.selectFrom("blobs").select("object_key").where("digest", "=", digest);
  const { object_key: key } = await blobs.executeTakeFirstOrThrow();
  await overwriteObject(join(registry.server.folder, "objects"), key, content);
}

/** Tokens end long before a scrub is due: nobody's clock but the scrub's goes on. */
async function scrubAfter(milliseconds: number) {
  registry.server.clock.now += milliseconds;
  const damages = await scrub.run(settings);
  registry.server.clock.now -= milliseconds;
  return damages;
}

test("a scrub reads every blob once within its period, no faster than it may", async () => {
  expect(await scrubAfter(settings.periodMilliseconds - 1)).toEqual([]);
  expect(slept).toBe(0);
  expect(await scrubAfter(settings.periodMilliseconds)).toEqual([]);
  expect(slept).toBeCloseTo(13, 5);
  await scrubAfter(settings.periodMilliseconds);
  expect(slept).toBeCloseTo(13, 5);
});

test("a scrub ends early when it is told to", async () => {
  registry.server.clock.now += settings.periodMilliseconds;
  await scrub.run(settings, AbortSignal.abort());
  expect(slept).toBe(0);
});

test("a blob whose bytes changed on disk is found by the scrub, refused from then on, and repaired by a new push", async () => {
  await overwrite("prebious");
  await play(registry, [{ send: `HEAD ${path}`, status: 200 }]);
  expect(await scrubAfter(settings.periodMilliseconds)).toEqual([
    {
      digest,
      reason: expect.stringContaining("its bytes have the digest"),
      repositories: [expect.stringMatching(/\/my-project\/image$/)],
    },
  ]);
  await play(registry, [
    { send: `GET ${path}`, status: 404, code: "BLOB_UNKNOWN" },
    { send: `HEAD ${path}`, status: 404 },
    { send: `POST /v2/my-project/other/blobs/uploads/?mount=${digest}&from=my-project/image`, status: 202 },
  ]);
  expect(await scrubAfter(settings.periodMilliseconds)).toEqual([]);
  await pushBlobs(registry, "my-project/image", "precious");
  await play(registry, [{ send: `GET ${path}`, status: 200, bytes: "precious" }]);
});

const sizes: [string, string | undefined][] = [
  ["was cut", "pre"],
  ["grew", "precious and more"],
  ["is gone", undefined],
];
test.each(sizes)(
  "a blob whose object %s is refused at once, for everybody, and repaired by a new push",
  async (_name, content) => {
    await pushBlobs(registry, "other-project/image", "precious");
    await overwrite(content);
    const answer = await registry.server.fetch(path, { headers: registry.callers.reader });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain("is damaged: push it again");
    expect(registry.server.logged.splice(0)).toHaveLength(1);
    await play(registry, [{ send: `HEAD /v2/other-project/image/blobs/${digest}`, as: "both", status: 404 }]);
    await pushBlobs(registry, "my-project/image", "precious");
    for (const project of ["my-project", "other-project"]) {
      await play(registry, [
        { send: `GET /v2/${project}/image/blobs/${digest}`, as: "both", status: 200, bytes: "precious" },
      ]);
    }
  },
);

test("a push of a damaged blob that nobody asked for repairs it too", async () => {
  await overwrite("pre");
  await pushBlobs(registry, "other-project/image", "precious");
  await play(registry, [{ send: `GET ${path}`, status: 200, bytes: "precious" }]);
});
