import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { Home } from "../../helper/home.ts";
import { descriptorOf, homeFor, Pusher, type Registry, startRegistry } from "./registries.ts";

const limitMilliseconds = 60_000;

describe("waybill copy between two servers", () => {
  let [from, to] = [] as unknown as [Registry, Registry];
  let home: Home;
  let [source, target] = [] as unknown as [Pusher, Pusher];
  beforeAll(async () => {
    [from, to] = await Promise.all([startRegistry("one"), startRegistry("two")]);
    home = await homeFor(from, to);
    [source, target] = [new Pusher(from.origin, from.keyFile), new Pusher(to.origin, to.keyFile)];
  }, limitMilliseconds);
  afterAll(async () => {
    await Promise.all([from, to].map((server) => server[Symbol.asyncDispose]()));
    home[Symbol.dispose]();
  });

  const copy = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await home.waybill(["copy", ...argv, "--format=json"]);
    return { exitCode, stderr, copied: exitCode === 0 ? JSON.parse(stdout) : [] };
  };

  test(
    "an index arrives byte by byte, with every image and every layer below it",
    async () => {
      const images = [
        await source.image("one/app", undefined, [100_000, 7]),
        await source.image("one/app", undefined, [3_000_000]),
      ];
      const digest = await source.index("one/app", "1", images);
      const { exitCode, stderr, copied } = await copy(`${from.host}/one/app:1`, `${to.host}/two/app`);
      expect(stderr).toContain("Copied [");
      expect(exitCode).toBe(0);
      expect(copied).toEqual([
        expect.objectContaining({ digest, manifests: 3, blobs: { copied: 5, mounted: 0, there: 0 } }),
      ]);
      expect(await target.pull("two/app", "1")).toEqual({ digest, blobs: 5 });
    },
    limitMilliseconds,
  );

  test(
    "what the target has is not sent again",
    async () => {
      await source.image("one/again", "1", [50_000]);
      await copy(`${from.host}/one/again:1`, `${to.host}/two/again:2`);
      const { copied } = await copy(`${from.host}/one/again:1`, `${to.host}/two/again:3`);
      expect(copied[0]).toMatchObject({ blobs: { copied: 0, mounted: 0, there: 2 }, bytes: 0 });
      expect((await target.pull("two/again", "3")).blobs).toBe(2);
    },
    limitMilliseconds,
  );

  test(
    "within one registry blobs are mounted",
    async () => {
      const { digest } = await source.image("one/near", "1", [50_000]);
      const { copied } = await copy(`${from.host}/one/near:1`, `${from.host}/one/nearer:1`);
      expect(copied[0]).toMatchObject({ digest, blobs: { copied: 0, mounted: 2, there: 0 } });
      expect(await source.pull("one/nearer", "1")).toEqual({ digest, blobs: 2 });
    },
    limitMilliseconds,
  );

  test(
    "a dry run says what would be copied, and copies nothing",
    async () => {
      await source.image("one/dry", "1", [1000, 2000]);
      const { copied } = await copy(`${from.host}/one/dry:1`, `${to.host}/two/dry`, "--dry-run");
      expect(copied[0]).toMatchObject({ manifests: 1, blobs: { copied: 3 } });
      expect((await target.send("/v2/two/dry/manifests/1")).status).toBe(404);
    },
    limitMilliseconds,
  );

  test(
    "--all-tags copies every tag, and an image of two tags once",
    async () => {
      const first = await source.image("one/tags", "a", [10]);
      const document = await (await source.send(`/v2/one/tags/manifests/a`)).json();
      await source.manifest("one/tags", "b", document as object);
      const second = await source.image("one/tags", "c", [20]);
      const { copied } = await copy(`${from.host}/one/tags`, `${to.host}/two/tags`, "--all-tags");
      expect(copied).toHaveLength(2);
      const { tags } = (await (await target.send("/v2/two/tags/tags/list")).json()) as { tags: string[] };
      expect(tags).toEqual(["a", "b", "c"]);
      expect((await target.pull("two/tags", "b")).digest).toBe(first.digest);
      expect((await target.pull("two/tags", "c")).digest).toBe(second.digest);
    },
    limitMilliseconds,
  );

  test(
    "--referrers brings what refers to an image, and what refers to that",
    async () => {
      const subject = await source.image("one/signed", "1", [10]);
      const signature = await source.image("one/signed", undefined, [20], {
        subject,
        artifactType: "example/signature",
      });
      const countersignature = await source.image("one/signed", undefined, [30], { subject: signature });
      const { copied } = await copy(`${from.host}/one/signed:1`, `${to.host}/two/signed`, "--referrers");
      expect(copied[0]).toMatchObject({ manifests: 3 });
      const referrers = await (await target.send(`/v2/two/signed/referrers/${subject.digest}`)).json();
      expect(referrers).toMatchObject({ manifests: [{ digest: signature.digest }] });
      expect((await target.pull("two/signed", countersignature.digest)).blobs).toBe(2);
    },
    limitMilliseconds,
  );

  test(
    "an image that is not there, a target by digest, and a tag beside --all-tags are refused",
    async () => {
      expect((await copy(`${from.host}/one/absent:1`, `${to.host}/two/absent`)).stderr).toContain("there is no");
      const digest = `sha256:${"0".repeat(64)}`;
      expect((await copy(`${from.host}/one/app:1`, `${to.host}/two/app@${digest}`)).exitCode).toBe(2);
      expect((await copy(`${from.host}/one/app:1`, `${to.host}/two/app`, "--all-tags")).exitCode).toBe(2);
    },
    limitMilliseconds,
  );

  test(
    "a blob of 300 MB passes through without ever lying in memory whole",
    async () => {
      const size = 300_000_000;
      const layer = Buffer.alloc(size, "waybill ");
      const config = Buffer.from("{}");
      for (const bytes of [layer, config]) await source.blob("one/large", bytes);
      await source.manifest("one/large", "1", {
        schemaVersion: 2,
        config: descriptorOf("application/vnd.oci.empty.v1+json", config),
        layers: [descriptorOf("application/octet-stream", layer)],
      });
      const argv = home.command(["copy", `${from.host}/one/large:1`, `${to.host}/two/large`]);
      const child = Bun.spawn(argv, { env: home.env, stdout: "ignore", stderr: "ignore" });
      let peak = 0;
      while (child.exitCode === null) {
        peak = Math.max(peak, residentBytes(child.pid));
        await Bun.sleep(20);
      }
      expect(child.exitCode).toBe(0);
      expect(peak).toBeGreaterThan(0);
      expect(peak).toBeLessThan(200_000_000);
      expect((await target.send("/v2/two/large/manifests/1")).status).toBe(200);
    },
    limitMilliseconds,
  );
});

/** What a process has in memory now; 0 once it is gone. */
function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
