import { expect, test } from "bun:test";
import { openInstallation } from "../../../src/installation.ts";
import { parseReference } from "../../../src/registry/reference.ts";
import { parseRepository } from "../../../src/registry/repository.ts";
import { resolveRepository } from "../../../src/registry/resolve.ts";
import { insertUpstream } from "../../../src/storage/metadata/upstreams.ts";
import { startTestServer } from "../../server.ts";
import { startCaching, succeed } from "../upstream/caching.ts";

test("a cache that takes no more goes on serving what it has: read-only, over its quota, with immutable tags", async () => {
  await using it = await startCaching({}, { settings: ["--upstream-tag-seconds=0"] });
  const first = await it.there.image("one/app", "1", [10]);
  const digest = async () => (await it.here.pull("mirror/app", "1")).digest;
  expect(await digest()).toBe(first.digest);
  const second = await it.there.image("one/app", "1", [2000]);

  await succeed(it.cache, ["projects", "update", "mirror", "--read-only"]);
  expect(await digest()).toBe(first.digest);
  await succeed(it.cache, ["projects", "update", "mirror", "--no-read-only"]);

  await succeed(it.cache, ["projects", "set-quota", "mirror", "--bytes=1"]);
  expect(await digest()).toBe(first.digest);
  await succeed(it.cache, ["projects", "set-quota", "mirror", "--unlimited"]);

  const rules = it.cache.home.path("rules.yaml");
  await Bun.write(rules, "dockerConfig: {immutableTags: true}\n");
  await succeed(it.cache, ["container", "rules", "set", "--project=mirror", rules]);
  expect(await digest()).toBe(first.digest);
  await succeed(it.cache, ["container", "rules", "delete", "--project=mirror", "--quiet"]);
  expect(await digest()).toBe(second.digest);
}, 60_000);

test("a read-only server brings nothing to its caches, and asks no upstream", async () => {
  const server = await startTestServer();
  const { id: projectId } = await server.project("mirror");
  const upstream = { projectId, host: "upstream.example", prefix: "", credentials: "" };
  await server.metadata.write((write) => insertUpstream(write, upstream, 1));
  const bring = async (readOnly: boolean) => {
    let asked = 0;
    const open = () => {
      asked++;
      throw new Error("not to be asked");
    };
    const { pullThrough } = await openInstallation({
      ...server,
      store: {} as never,
      accountDomain: "iam.waybill.internal",
      rates: { anonymousPerSecond: 1, principalPerSecond: 1 },
      isOurAudience: () => false,
      readOnly,
      upstreams: { open, tagMilliseconds: 0 },
    });
    const resolved = await resolveRepository(server.metadata, parseRepository("mirror/app", "default"));
    await pullThrough.bringManifest(resolved, parseReference("1")).catch(() => {});
    return asked;
  };
  expect([await bring(false), await bring(true)]).toEqual([1, 0]);
  await server.close();
});
