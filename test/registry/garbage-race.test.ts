import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Garbage } from "../../src/registry/garbage.ts";
import { openFilesystemBlobs } from "../../src/storage/blobs/filesystem.ts";
import { digestOf, type Registry, remains, startRegistry } from "../http/distribution/exchanges.ts";
import { descriptor } from "./small-image.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

// Pushes and deletes as fast as they go, over few layers that everybody shares, while garbage is collected without a
// pause. The clock runs as far ahead during one push as the grace period promises, and no further.

/** `WAYBILL_RACE_PUSHES=20000` races longer than continuous integration does. */
const pushes = Number(process.env.WAYBILL_RACE_PUSHES ?? 600);
const half = 1000;
const pushers = 8;
const mediaType = "application/vnd.oci.image.manifest.v1+json";
const layers = Array.from({ length: 40 }, (_, number) => Buffer.from(`layer ${number} of everybody`));
const repositories = ["my-project/one", "my-project/two", "other-project/three"];

let registry: Registry;
let garbage: Garbage;
beforeAll(async () => {
  registry = await startRegistry();
  const { metadata, folder, clock } = registry.server;
  const store = await openFilesystemBlobs(join(folder, "objects"));
  garbage = new Garbage(metadata, store, { graceMilliseconds: 2 * half }, () => clock.now);
});
afterAll(() => registry.server.close());

/** When each push that is under way began. */
const underWay = new Map<number, number>();
let begun = 0;
const refused: string[] = [];
const kept = new Set<string>();

test(`no blob that a manifest is about to name is collected, in ${pushes} pushes among collections`, async () => {
  let random = 1;
  const pick = (count: number) => {
    random = (random * 48271) % 2147483647;
    return random % count;
  };
  const racing = Promise.all(Array.from({ length: pushers }, () => pushUntilDone(pick)));
  let over = false;
  racing.finally(() => {
    over = true;
  });
  let collected = 0;
  while (!over) {
    collected += (await collect()).links;
    await Bun.sleep(0);
  }
  await racing;
  expect(refused).toEqual([]);
  expect(collected).toBeGreaterThan(10);
  for (const manifest of kept) await expectWhole(manifest);

  for (let time = 0; time < 300; time++) await collect();
  for (const manifest of kept) await expectWhole(manifest);
  const { files, objects, blobs } = (await remains(registry)) as { files: string[]; objects: number; blobs: number };
  expect(files).toHaveLength(objects);
  expect(blobs).toBe(objects);
  expect(blobs).toBe(await countNamedBlobs());
}, 600_000);

/** The clock goes on as long as nobody's push takes longer than half the grace period. */
async function collect() {
  const { clock } = registry.server;
  const oldest = Math.min(...underWay.values());
  if (clock.now + half / 4 - oldest < half || underWay.size === 0) clock.now += half / 4;
  return await garbage.collect();
}

async function pushUntilDone(pick: (count: number) => number): Promise<void> {
  while (begun < pushes) {
    const number = begun++;
    const repository = repositories[pick(repositories.length)] as string;
    underWay.set(number, registry.server.clock.now);
    const manifest = await push(repository, number, [pick(layers.length), pick(layers.length)]);
    underWay.delete(number);
    kept.add(manifest);
    if (pick(10) > 0) {
      kept.delete(manifest);
      await send("DELETE", manifest, 202);
    }
  }
}

/** As clients push: what HEAD finds is not sent again. Answers the manifest's path. */
async function push(repository: string, number: number, picked: readonly number[]): Promise<string> {
  const image = picked.map((index) => layers[index] as Buffer);
  for (const layer of image) {
    const digest = digestOf(layer);
    if ((await status("HEAD", `/v2/${repository}/blobs/${digest}`)) === 200) continue;
    const from = repositories[number % repositories.length];
    const mount = number % 2 === 0 ? `mount=${digest}&from=${from}` : `digest=${digest}`;
    const answer = await request(
      "POST",
      `/v2/${repository}/blobs/uploads/?${mount}`,
      number % 2 === 0 ? undefined : layer,
    );
    if (answer.status === 201) continue;
    await send("PUT", `${answer.headers.get("location")}?digest=${digest}`, 201, layer);
  }
  // Time for a collection or two, with nothing but the blobs there.
  await Bun.sleep(number % 5);
  const [config, ...rest] = image.map((layer) => descriptor("application/octet-stream", layer));
  const body = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config, layers: rest, annotations: { number } }),
  );
  const path = `/v2/${repository}/manifests/${digestOf(body)}`;
  await send("PUT", path, 201, body);
  await expectWhole(path);
  return path;
}

async function expectWhole(manifest: string): Promise<void> {
  const { config, layers } = (await (await request("GET", manifest)).json()) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  for (const { digest } of [config, ...layers]) {
    const answer = await request("GET", manifest.replace(/manifests\/.*/, `blobs/${digest}`));
    const bytes = await answer.bytes();
    if (answer.status !== 200 || digestOf(bytes) !== digest) refused.push(`GET ${digest}: ${answer.status}`);
  }
}

async function countNamedBlobs(): Promise<number> {
  const rows = await registry.server.metadata.read
    .selectFrom("manifest_references")
    .select("digest")
    .distinct()
    .execute();
  return rows.length;
}

async function send(method: string, path: string, expected: number, body?: Buffer): Promise<void> {
  const answer = await request(method, path, body);
  if (answer.status !== expected) refused.push(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

const status = async (method: string, path: string) => (await request(method, path)).status;

async function request(method: string, path: string, body?: Buffer): Promise<Response> {
  const headers = { ...registry.callers.both, "content-type": mediaType };
  return await registry.server.fetch(path, { method, headers, ...(body && { body: body as never }) });
}
