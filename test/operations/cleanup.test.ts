import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { parseFilter } from "../../src/audit/filter.ts";
import { upkeep } from "../../src/operations/upkeep.ts";
import { rulesSchema } from "../../src/registry/rules/rules.ts";
import { play, pushBlobs, type Registry, startRegistry } from "../http/distribution/exchanges.ts";
import { smallImage } from "../registry/small-image.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.server.close());

test("a running server cleans up by itself, and what was deleted is then collected", async () => {
  const { server, project } = registry;
  const { blobs, manifest, mediaType } = smallImage("a");
  for (const blob of blobs) await pushBlobs(registry, "my-project/image", blob.toString());
  const headers = { "content-type": mediaType };
  const send = "PUT /v2/my-project/image/manifests/v1";
  await play(registry, [{ send, headers, body: manifest, status: 201 }]);
  const condition = { olderThan: "30d" };
  const rules = rulesSchema.parse({ cleanupPolicies: [{ name: "old", action: "Delete", condition }] });
  await server.rules.set({ projectId: project.id }, rules, undefined);

  const chores = upkeep(server, {} as never, { periodMilliseconds: 1, bytesPerSecondMax: 1 }, () => {});
  const chore = chores.find(({ name }) => name === "cleanup by rules");
  expect(chore?.everyMilliseconds).toBe(60 * 60_000);
  const countManifests = async () => (await server.metadata.read.selectFrom("manifests").selectAll().execute()).length;
  await chore?.run(AbortSignal.timeout(10_000));
  expect(await countManifests()).toBe(1);
  server.clock.now += 31 * 24 * 3600_000;
  await chore?.run(AbortSignal.abort());
  expect(await countManifests()).toBe(1);
  await chore?.run(AbortSignal.timeout(10_000));
  expect(await countManifests()).toBe(0);
  const { lines } = await server.audit.read({ filter: parseFilter("kind=image.deleted"), limit: 9 });
  const deleted = { repository: "my-project/image", who: { principal: "server" }, project: project.id };
  expect(lines.map(({ entry }) => entry)).toMatchObject([deleted]);
  for (let day = 0; day < 3; day++) {
    server.clock.now += 24 * 3600_000;
    await server.garbage.collect();
  }
  expect(await server.metadata.read.selectFrom("blobs").selectAll().execute()).toEqual([]);
});
