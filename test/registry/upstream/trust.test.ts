// To whom a cache speaks, and with whose credentials (CVE-2026-33540, CVE-2026-2376).
import { expect, test } from "bun:test";
import { isPrivateAddress, publicFetch } from "../../../src/public-network.ts";
import { startAdministeredServer } from "../../cli/administered-server.ts";
import { startFaultyRegistry } from "../../cli/copy/faulty-registry.ts";
import { Pusher, startRegistry } from "../../cli/copy/registries.ts";
import { Home } from "../../helper/home.ts";
import { succeed, useAccountFor } from "./caching.ts";

const limitMilliseconds = 90_000;

/** A private upstream behind a front, and a cache that logs in there with its server's own account. */
async function startPrivate(fault: Parameters<typeof startFaultyRegistry>[1] = {}, allow = true) {
  const upstream = await startRegistry("one");
  const front = startFaultyRegistry(upstream.origin, fault);
  const home = new Home();
  await useAccountFor(home, front.host, upstream.keyFile);
  const cache = await startAdministeredServer(allow ? [`--private-upstreams=${front.host}`] : [], home);
  const argv = ["projects", "create", "mirror", `--upstream=${front.host}/one`, "--upstream-credentials=store"];
  await succeed(cache, argv);
  return {
    front,
    cache,
    there: new Pusher(upstream.origin, upstream.keyFile),
    here: new Pusher(cache.origin, cache.adminKey),
    async [Symbol.asyncDispose]() {
      front.stop();
      await Promise.all([upstream, cache].map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

const withCredentials = ({ seen }: ReturnType<typeof startFaultyRegistry>) =>
  seen.filter(({ authorization }) => authorization !== undefined);

test(
  "a cache logs in at its upstream with what the named token source gives it",
  async () => {
    await using it = await startPrivate();
    const { digest } = await it.there.image("one/app", "1", [10]);
    expect(await it.here.pull("mirror/app", "1")).toEqual({ digest, blobs: 2 });
    expect(withCredentials(it.front).length).toBeGreaterThan(0);
    // Nothing of it lies in the database: only the source's name.
    const database = await Bun.file(it.cache.home.path("data/metadata.sqlite")).bytes();
    const key = JSON.parse(it.cache.home.read("key.json")) as { private_key_id: string };
    expect(Buffer.from(database).includes(key.private_key_id)).toBe(false);
  },
  limitMilliseconds,
);

test(
  "CVE-2026-33540: the upstream's credentials are not sent to a realm on another host",
  async () => {
    const thief = startFaultyRegistry("http://127.0.0.1:9", {});
    await using it = await startPrivate({ realm: `${thief.origin}/v2/token` });
    await it.there.image("one/app", "1", [10]);
    expect((await it.here.send("/v2/mirror/app/manifests/1")).status).toBe(503);
    expect(withCredentials(thief)).toEqual([]);
    thief.stop();
  },
  limitMilliseconds,
);

test(
  "a redirect of the upstream leads to no private address, and takes no credentials along",
  async () => {
    const inside = startFaultyRegistry("http://127.0.0.1:9", {});
    await using it = await startPrivate({ redirectBlobsTo: inside.origin });
    await it.there.image("one/app", "1", [10]);
    const manifest = await it.here.expect(200, "/v2/mirror/app/manifests/1");
    const { config } = (await manifest.json()) as { config: { digest: string } };
    expect((await it.here.send(`/v2/mirror/app/blobs/${config.digest}`)).status).toBe(503);
    expect(inside.seen).toEqual([]);
    inside.stop();
  },
  limitMilliseconds,
);

test(
  "an upstream on a private address is asked nothing unless the operator named it",
  async () => {
    await using it = await startPrivate({}, false);
    await it.there.image("one/app", "1", [10]);
    expect((await it.here.send("/v2/mirror/app/manifests/1")).status).toBe(503);
    expect(it.front.seen).toEqual([]);
  },
  limitMilliseconds,
);

test("addresses of this machine, of private networks and of the cloud's metadata server are private", () => {
  const inside = ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"];
  for (const address of [...inside, "::1", "::", "fe80::1", "fd00:ec2::254", "::ffff:10.0.0.1", "224.0.0.1", "none"])
    expect([address, isPrivateAddress(address)]).toEqual([address, true]);
  for (const address of ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])
    expect([address, isPrivateAddress(address)]).toEqual([address, false]);
});

test("a name with one private address among public ones is not asked, nor one without encryption", async () => {
  const asked: string[] = [];
  const fetch = async ({ url }: Request) => {
    asked.push(url);
    return new Response();
  };
  const names: Record<string, string[]> = {
    "good.test": ["1.1.1.1"],
    "mixed.test": ["1.1.1.1", "10.0.0.1"],
    "no.test": [],
  };
  const guarded = publicFetch(fetch, ["near.test:5000"], async (name) => names[name] ?? []);
  for (const url of [
    "https://mixed.test/",
    "https://no.test/",
    "http://good.test/",
    "https://[::1]/",
    "http://2130706433/",
  ])
    await expect(guarded(new Request(url))).rejects.toThrow("is not on the public internet");
  await guarded(new Request("https://good.test/v2/"));
  await guarded(new Request("http://near.test:5000/v2/"));
  expect(asked).toEqual(["https://good.test/v2/", "http://near.test:5000/v2/"]);
});
