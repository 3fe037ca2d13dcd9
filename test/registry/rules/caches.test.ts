import { expect, test } from "bun:test";
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
