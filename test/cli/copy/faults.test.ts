import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { Home } from "../../helper/home.ts";
import { type Fault, startFaultyRegistry } from "./faulty-registry.ts";
import { homeFor, Pusher, type Registry, startRegistry } from "./registries.ts";

const limitMilliseconds = 90_000;

describe("waybill copy over a bad line", () => {
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

  /** A home with docker's logins for a front: the key file of the registry behind it. */
  function dockerHome(logins: Record<string, string>): Home {
    const other = new Home();
    const auths = Object.entries(logins).map(([host, keyFile]) => {
      const auth = Buffer.from(`_json_key:${readFileSync(keyFile, "utf8")}`).toString("base64");
      return [host, { auth }];
    });
    mkdirSync(other.path(".docker"), { recursive: true });
    other.write(".docker/config.json", JSON.stringify({ auths: Object.fromEntries(auths) }));
    return other;
  }

  /** Copies from (or to) a front, with docker's logins. */
  async function throughFront(side: "from" | "to", fault: Fault, name: string) {
    const behind = side === "from" ? from : to;
    const front = startFaultyRegistry(behind.origin, fault);
    const hosts = side === "from" ? [front.host, to.host] : [from.host, front.host];
    using it = dockerHome({ [hosts[0] as string]: from.keyFile, [hosts[1] as string]: to.keyFile });
    const outcome = await it.waybill(["copy", `${hosts[0]}/one/${name}:1`, `${hosts[1]}/two/${name}:1`]);
    front.stop();
    return { ...outcome, seen: front.seen };
  }

  test(
    "a download that breaks twice goes on where it broke",
    async () => {
      const { digest } = await source.image("one/down", "1", [2_000_000]);
      const { exitCode, stderr } = await throughFront(
        "from",
        { cutDownloads: { afterBytes: 700_000, times: 2 } },
        "down",
      );
      expect(stderr).toContain("Copied");
      expect(exitCode).toBe(0);
      expect(await target.pull("two/down", "1")).toEqual({ digest, blobs: 2 });
    },
    limitMilliseconds,
  );

  test(
    "an upload that breaks twice goes on where the registry says it broke",
    async () => {
      const { digest } = await source.image("one/up", "1", [2_000_000]);
      const { exitCode, stderr, seen } = await throughFront(
        "to",
        { cutUploads: { afterBytes: 300_000, times: 2 } },
        "up",
      );
      expect(stderr).toContain("Copied");
      expect(exitCode).toBe(0);
      expect(seen.filter(({ method, path }) => method === "GET" && path.includes("/uploads/")).length).toBeGreaterThan(
        0,
      );
      expect(await target.pull("two/up", "1")).toEqual({ digest, blobs: 2 });
    },
    limitMilliseconds,
  );

  test(
    "other bytes than the digest says are refused, and leave nothing behind",
    async () => {
      const { digest } = await source.image("one/corrupt", "1", [1000]);
      const { exitCode, stderr } = await throughFront("from", { corrupt: true }, "corrupt");
      expect(exitCode).toBe(1);
      expect(stderr).toContain("gave bytes of sha256:");
      expect((await target.send(`/v2/two/corrupt/manifests/${digest}`)).status).toBe(404);
    },
    limitMilliseconds,
  );

  test(
    "credentials are not sent along a redirect to another host",
    async () => {
      await source.image("one/redirect", "1", [1000]);
      const stored = startFaultyRegistry(from.origin, {});
      const { seen } = await throughFront("from", { redirectBlobsTo: stored.origin }, "redirect");
      stored.stop();
      expect(seen.some(({ authorization }) => authorization !== undefined)).toBe(true);
      expect(stored.seen.length).toBeGreaterThan(0);
      expect(stored.seen.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    },
    limitMilliseconds,
  );

  test(
    "credentials are not sent to a realm on another host",
    async () => {
      await source.image("one/realm", "1", [1000]);
      const elsewhere = startFaultyRegistry(from.origin, {});
      const { exitCode } = await throughFront("from", { realm: `${elsewhere.origin}/v2/token` }, "realm");
      elsewhere.stop();
      expect(exitCode).toBe(1);
      expect(elsewhere.seen.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    },
    limitMilliseconds,
  );

  test(
    "a copy that is killed again and again ends whole when it may",
    async () => {
      const images = [];
      for (let index = 0; index < 4; index++)
        images.push(await source.image("one/killed", undefined, [3_000_000, 4_000_000, 5_000_000]));
      const digest = await source.index("one/killed", "1", images);
      const argv = home.command(["copy", `${from.host}/one/killed:1`, `${to.host}/two/killed`]);
      for (let round = 0; round < 6; round++) {
        const child = Bun.spawn(argv, { env: home.env, stdout: "ignore", stderr: "ignore" });
        await Bun.sleep(120 + round * 30);
        child.kill("SIGKILL");
        await child.exited;
        // Half of an image is never visible.
        const answer = await target.send("/v2/two/killed/manifests/1");
        if (answer.status === 200) expect((await target.pull("two/killed", "1")).blobs).toBe(16);
      }
      const { exitCode } = await home.waybill(argv.slice(2));
      expect(exitCode).toBe(0);
      expect(await target.pull("two/killed", "1")).toEqual({ digest, blobs: 16 });
    },
    limitMilliseconds,
  );
});
