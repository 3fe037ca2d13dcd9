import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { digestOf } from "../../src/registry/digest.ts";
import type { Gateway } from "../radosgw.ts";
import { type Node, status, until } from "./cluster.ts";
import { during } from "./images.ts";
import { type Answered, accessToken, ask } from "./requests.ts";
import { canRun, createWorld, cutMilliseconds, isWhole, project, rounds, type World } from "./world.ts";

setDefaultTimeout(300_000);

const mebibyte = 1024 * 1024;
const uploads = `/v2/${project}/app/blobs/uploads/`;

/** What may happen to a store, and what ends it. */
const outages: [string, (gateway: Gateway) => Promise<void> | void, (gateway: Gateway) => Promise<void> | void][] = [
  ["takes requests and says nothing", (gateway) => gateway.hang(), (gateway) => gateway.proceed()],
  ["is not there", (gateway) => gateway.stop(), (gateway) => gateway.restart()],
];

describe.skipIf(!isWhole || !canRun())("three nodes over an S3 store", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ redirects: false });
  }, 300_000);
  afterAll(() => world?.close(), 60_000);

  const send = (node: Node, path: string, init?: RequestInit) => ask(node.origin, path, world.owner(), init);
  const blobPath = (digest: string) => `/v2/${project}/app/blobs/${digest}`;
  const begin = async (node: Node) => (await send(node, uploads, { method: "POST" })).location;

  test.each(outages)(
    "that %s: every node says so of blobs, goes on with the rest, and all come back without help",
    async (_, cut, mend) => {
      const { cluster, images, gateway } = world;
      if (!gateway) throw new Error("no store of this test's own");
      const { nodes } = cluster;
      const [first, second, third] = nodes;
      const stored = Buffer.from(`stored ${crypto.randomUUID()}`);
      const blob = blobPath(digestOf(stored));
      const push = (body: Buffer) => ({ method: "POST", body }) satisfies RequestInit;
      expect((await send(first, `${uploads}?digest=${digestOf(stored)}`, push(stored))).status).toBe(201);
      const halves = [someBytes(10 * mebibyte), someBytes(10 * mebibyte)] as const;
      const location = await begin(first);
      expect((await send(first, location, { method: "PATCH", body: halves[0] })).status).toBe(202);

      const ends = performance.now() + cutMilliseconds;
      await cut(gateway);
      const asked = (node: Node) => [
        send(node, blob),
        send(node, blob, { method: "HEAD" }),
        send(node, `${uploads}?digest=${digestOf(Buffer.from("new"))}`, push(Buffer.from("new"))),
      ];
      // What needs no blob: a token, tags, a manifest; on each node and through the balancer.
      const rest = async () => {
        const of = cluster.origin;
        expect(await accessToken(of, cluster.ownerKey)).toStartWith("wba_");
        for (const origin of [of, ...nodes.map((node) => node.origin)]) {
          for (const path of [`/v2/${project}/app/tags/list`, `/v2/${project}/app/manifests/1`])
            expect({ path, status: (await ask(origin, path, world.owner())).status }).toEqual({ path, status: 200 });
        }
        return undefined;
      };
      const refusals: Answered[] = [];
      const went = await during(rest, async () => {
        refusals.push(...(await Promise.all(nodes.flatMap(asked))));
        for (const { origin } of nodes) expect(await status(`${origin}/readyz`)).toBe(503);
        // From here on nobody is kept waiting.
        while (performance.now() < ends) {
          for (const node of nodes) refusals.push(await send(node, blob));
          refusals.push(await ask(cluster.origin, blob, world.owner()));
          await Bun.sleep(250);
        }
      });
      for (const { status: code, retryAfter, text } of refusals) {
        expect({ code, retryAfter }).toEqual({ code: 503, retryAfter: "5" });
        expect(text).not.toContain(gateway.endpoint);
      }
      const pulling = images.map((each) => each.pull(world.pulled));
      await mend(gateway);
      const mended = performance.now();
      for (const node of nodes) await until(async () => (await send(node, blob)).text === stored.toString());
      const back = performance.now() - mended;
      await Promise.all(pulling);

      const reached = await send(second, location);
      expect(reached.status).toBe(204);
      expect((await send(second, location, { method: "PATCH", body: halves[1] })).status).toBe(202);
      const digest = digestOf(Buffer.concat(halves));
      expect((await send(third, `${location}?digest=${digest}`, { method: "PUT" })).status).toBe(201);
      for (const { origin } of nodes) expect(await digestAt(origin, blobPath(digest))).toBe(digest);
      for (const each of images) {
        expect(await each.push(`${cluster.host}/${project}/after-${each.name}:1`)).toMatchObject({
          failure: undefined,
        });
        expect(await each.pull(world.pulled)).toBeUndefined();
      }
      console.error(
        `${refusals.length} refusals, ${went.times} rounds of what needs no blob; back on all nodes after ${Math.round(back)} ms`,
      );
    },
  );

  test("a node that stood still in an upload and wakes up while another goes on there harms no blob", async () => {
    const [first, second, third] = world.cluster.nodes;
    const outcomes: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const location = await begin(third);
      const [lost, kept] = [someBytes(20 * mebibyte), someBytes(20 * mebibyte)];
      const [early, late] = [heldBody(lost), heldBody(kept)];
      const begun = send(first, location, { method: "PATCH", body: early.body });
      // So far it was read that parts of it are on their way.
      await early.sent;
      first.signal("SIGSTOP");
      const next = send(second, location, { method: "PATCH", body: late.body });
      // It took the turn of the one that stands still once it takes more than a socket holds.
      await late.sent;
      first.signal("SIGCONT");
      early.release();
      late.release();
      const [before, after] = await Promise.all([begun, next]);
      const digest = digestOf(kept);
      const put = await send(third, `${location}?digest=${digest}`, { method: "PUT" });
      outcomes.push(`${before.status} ${after.status} ${put.status}`);
      // Whoever lost the turn is told so; what is under the digest has it.
      expect(before.status).toBe(404);
      if (put.status === 201) {
        for (const { origin } of world.cluster.nodes) expect(await digestAt(origin, blobPath(digest))).toBe(digest);
      } else {
        // Its client is told that the bytes are not what it says, and begins anew.
        expect(put).toMatchObject({ status: 400, text: expect.stringContaining("DIGEST_INVALID") });
        expect((await send(third, blobPath(digest), { method: "HEAD" })).status).toBe(404);
        const anew = await send(second, `${uploads}?digest=${digest}`, { method: "POST", body: kept });
        expect(anew.status).toBe(201);
        expect(await digestAt(third.origin, blobPath(digest))).toBe(digest);
      }
    }
    console.error(`the one that stood still, the one that went on, the end: ${outcomes.join(", ")}`);
  });

  async function digestAt(origin: string, path: string): Promise<string> {
    const answer = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${world.owner()}` } });
    return digestOf(await answer.bytes());
  }
});

/** A body of which 12 MiB come at once, more than a node keeps back for a part, and the rest when it is let go. */
function heldBody(bytes: Uint8Array<ArrayBuffer>) {
  const [sent, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const [piece, most] = [mebibyte / 4, 12 * mebibyte];
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (at === most) {
        sent.resolve();
        await released.promise;
      }
      if (at === bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(at, at + piece));
      at += piece;
    },
  });
  return { body, sent: sent.promise, release: released.resolve };
}

function someBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}
