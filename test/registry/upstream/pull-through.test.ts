import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { descriptorOf, digestOf, imageType } from "../../cli/copy/registries.ts";
import { clientTest } from "../../clients/client-test.ts";
import { startCaching, succeed } from "./caching.ts";

const limitMilliseconds = 90_000;

test(
  "an image is fetched when it is first asked for, and then served without its upstream",
  async () => {
    await using it = await startCaching();
    const images = [
      await it.there.image("one/app", undefined, [100_000]),
      await it.there.image("one/app", undefined, [9]),
    ];
    const digest = await it.there.index("one/app", "1", images);
    expect(await it.here.pull("mirror/app", "1")).toEqual({ digest, blobs: 4 });
    it.front.stop();
    expect(await it.here.pull("mirror/app", "1")).toEqual({ digest, blobs: 4 });
    expect(await it.here.pull("mirror/app", digest)).toEqual({ digest, blobs: 4 });
  },
  limitMilliseconds,
);

test(
  "a hundred who ask for the same image at once cost one fetch of each part",
  async () => {
    await using it = await startCaching();
    const { digest } = await it.there.image("one/app", "1", [3_000_000]);
    const pulls = await Promise.all(Array.from({ length: 100 }, () => it.here.pull("mirror/app", "1")));
    expect(new Set(pulls.map((pull) => pull.digest))).toEqual(new Set([digest]));
    expect(it.asked("GET", `/manifests/${digest}`)).toBe(1);
    const blobs = it.front.seen.filter(({ method, path }) => method === "GET" && path.includes("/blobs/"));
    expect(blobs).toHaveLength(2);
  },
  limitMilliseconds,
);

test(
  "a blob is served while it arrives",
  async () => {
    await using it = await startCaching({ slowBlobs: { pieceBytes: 200_000, milliseconds: 100 } });
    const layer = Buffer.from(randomBytes(3_000_000));
    const digest = await it.there.blob("one/app", layer);
    const started = performance.now();
    const answer = await it.here.expect(200, `/v2/mirror/app/blobs/${digest}`);
    let first = 0;
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) {
      first ||= performance.now() - started;
      chunks.push(chunk);
    }
    const whole = performance.now() - started;
    expect(digestOf(Buffer.concat(chunks))).toBe(digest);
    expect(first).toBeLessThan(whole / 2);
  },
  limitMilliseconds,
);

test(
  "a tag is looked up anew after a while, and served as it was while the upstream is down",
  async () => {
    await using it = await startCaching({}, { settings: ["--upstream-tag-seconds=1"] });
    const first = await it.there.image("one/app", "1", [10]);
    expect((await it.here.pull("mirror/app", "1")).digest).toBe(first.digest);
    const second = await it.there.image("one/app", "1", [20]);
    expect((await it.here.pull("mirror/app", "1")).digest).toBe(first.digest);
    await Bun.sleep(1100);
    expect((await it.here.pull("mirror/app", "1")).digest).toBe(second.digest);
    it.front.stop();
    await Bun.sleep(1100);
    expect((await it.here.pull("mirror/app", "1")).digest).toBe(second.digest);
    const absent = await it.here.send("/v2/mirror/app/manifests/2");
    expect(absent.status).toBe(503);
  },
  limitMilliseconds,
);

test(
  "what the upstream does not have is unknown here too",
  async () => {
    await using it = await startCaching();
    await it.there.image("one/app", "1", [10]);
    expect((await it.here.send("/v2/mirror/app/manifests/2")).status).toBe(404);
    expect((await it.here.send(`/v2/mirror/app/manifests/sha256:${"0".repeat(64)}`)).status).toBe(404);
    expect((await it.here.send(`/v2/mirror/app/blobs/sha256:${"0".repeat(64)}`)).status).toBe(404);
    expect((await it.here.send("/v2/mirror/absent/manifests/1")).status).toBe(404);
  },
  limitMilliseconds,
);

test(
  "pushes to a cache are refused, and who may pull is up to its own policy",
  async () => {
    await using it = await startCaching();
    const { digest } = await it.there.image("one/app", "1", [10]);
    const upload = await it.here.send("/v2/mirror/app/blobs/uploads/", { method: "POST" });
    expect(upload.status).toBe(403);
    expect(await upload.text()).toContain("is a cache of");
    const put = { method: "PUT", body: "{}", headers: { "content-type": imageType } };
    expect((await it.here.send("/v2/mirror/app/manifests/1", put)).status).toBe(403);
    // Everybody may pull from the upstream, nobody but the owner from the cache.
    const token = await fetch(`${it.cache.origin}/v2/token?scope=repository:mirror/app:pull`);
    const headers = { authorization: `Bearer ${((await token.json()) as { token: string }).token}` };
    for (const path of [`manifests/1`, `manifests/${digest}`, `blobs/${digest}`])
      expect((await fetch(`${it.cache.origin}/v2/mirror/app/${path}`, { headers })).status).toBe(401);
    expect(it.front.seen).toEqual([]);
  },
  limitMilliseconds,
);

test(
  "other bytes than the digest says reach nobody whole, and are not kept",
  async () => {
    await using it = await startCaching({ corrupt: true });
    const layer = Buffer.from(randomBytes(500_000));
    const digest = await it.there.blob("one/app", layer);
    const got = await it.here
      .send(`/v2/mirror/app/blobs/${digest}`)
      .then(async (answer) => Buffer.from(await answer.arrayBuffer()).byteLength)
      .catch(() => 0);
    expect(got).toBeLessThan(layer.byteLength);
    it.front.fault.corrupt = false;
    const again = await it.here.expect(200, `/v2/mirror/app/blobs/${digest}`);
    expect(digestOf(Buffer.from(await again.arrayBuffer()))).toBe(digest);
  },
  limitMilliseconds,
);

test(
  "a manifest larger than one may be is not taken over",
  async () => {
    await using it = await startCaching({ padManifestsTo: 5_000_000 });
    await it.there.image("one/app", "1", [10]);
    expect((await it.here.send("/v2/mirror/app/manifests/1")).status).toBeGreaterThanOrEqual(400);
    it.front.fault.padManifestsTo = 0;
    expect((await it.here.pull("mirror/app", "1")).blobs).toBe(2);
  },
  limitMilliseconds,
);

test(
  "a part of a blob and its size can be asked for before the blob is here",
  async () => {
    await using it = await startCaching();
    const layer = Buffer.from(randomBytes(100_000));
    const digest = await it.there.blob("one/app", layer);
    const head = await it.here.expect(200, `/v2/mirror/app/blobs/${digest}`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("100000");
    const headers = { range: "bytes=10-19" };
    const part = await it.here.expect(206, `/v2/mirror/app/blobs/${digest}`, { headers });
    expect(Buffer.from(await part.arrayBuffer())).toEqual(layer.subarray(10, 20));
  },
  limitMilliseconds,
);

test(
  "a cache goes on after its server was killed in the middle of a fetch",
  async () => {
    await using it = await startCaching({ slowBlobs: { pieceBytes: 100_000, milliseconds: 50 } });
    const layer = Buffer.from(randomBytes(2_000_000));
    await it.there.blob("one/app", layer);
    const digest = await it.there.manifest("one/app", "1", {
      schemaVersion: 2,
      mediaType: imageType,
      config: descriptorOf("application/vnd.oci.empty.v1+json", layer),
      layers: [],
    });
    const pull = it.here.pull("mirror/app", "1").catch(() => undefined);
    await Bun.sleep(400);
    process.kill(it.cache.pid, "SIGKILL");
    await it.cache.exited;
    expect(await pull).toBeUndefined();
    const again = await it.cache.restart();
    expect(await it.here.at(again.origin).pull("mirror/app", "1")).toEqual({ digest, blobs: 1 });
    await again.stop();
  },
  limitMilliseconds,
);

test(
  "a server that is told to stop waits for no upstream",
  async () => {
    await using it = await startCaching({ slowBlobs: { pieceBytes: 1000, milliseconds: 1000 } });
    const digest = await it.there.blob("one/app", Buffer.from(randomBytes(100_000)));
    // Whoever asked is gone by then; the blob goes on arriving.
    const signal = AbortSignal.timeout(1500);
    await it.here.send(`/v2/mirror/app/blobs/${digest}`, { method: "HEAD", signal }).catch(() => undefined);
    const started = performance.now();
    process.kill(it.cache.pid, "SIGTERM");
    expect(await it.cache.exited).toBe(0);
    expect(performance.now() - started).toBeLessThan(15_000);
  },
  limitMilliseconds,
);

clientTest("skopeo pulls through a cache", ["skopeo"], async () => {
  await using it = await startCaching();
  const images = [await it.there.image("one/app", undefined, [2_000_000])];
  await it.there.index("one/app", "1", images);
  const token = (await succeed(it.cache, ["auth", "print-access-token"])).trim();
  const { home } = it.cache;
  home.write("policy.json", '{"default":[{"type":"insecureAcceptAnything"}]}');
  const command = ["skopeo", `--policy=${home.path("policy.json")}`, "copy", "--all", "--src-tls-verify=false"];
  const source = `docker://${new URL(it.cache.origin).host}/mirror/app:1`;
  const argv = [...command, `--src-creds=oauth2accesstoken:${token}`, source, `dir:${home.path("pulled")}`];
  const pulled = await home.run(argv, { env: { PATH: process.env.PATH ?? "" } });
  expect(pulled.stderr).not.toContain("level=fatal");
  expect(pulled.exitCode).toBe(0);
});
