import { afterAll, beforeAll, describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { digestOf } from "../../src/registry/digest.ts";
import { clientTest } from "../clients/client-test.ts";
import { runCommand } from "../faults/server-process.ts";
import { type Cluster, type Node, status, until } from "./cluster.ts";
import { during } from "./images.ts";
import { accessToken, ask } from "./requests.ts";
import { canRun, createWorld, cutMilliseconds, isWhole, needs, project, rounds, type World } from "./world.ts";

/** A machine with other work to do may take longer to notice, never as long as this. */
const refusedWithinMilliseconds = isWhole ? 1000 : 15_000;

let world: World;
let cluster: Cluster;
beforeAll(async () => {
  if (!canRun()) return;
  // A node that is killed takes along what passes through it: clients of S3 are sent to the store, and lose nothing.
  world = await createWorld({ redirects: true });
  cluster = world.cluster;
}, 300_000);
afterAll(() => world?.close(), 60_000);

async function uploadOn(node: Node): Promise<string> {
  const begun = await ask(node.origin, `/v2/${project}/app/blobs/uploads/`, world.owner(), { method: "POST" });
  expect(begun.status).toBe(202);
  return begun.location;
}

describe("three nodes", () => {
  clientTest("any node goes on with any upload", needs, async () => {
    const [first, second, third] = cluster.nodes;
    const parts = [Buffer.alloc(300_000, "a"), Buffer.alloc(200_000, "b"), Buffer.alloc(100_000, "c")];
    const digest = digestOf(Buffer.concat(parts));
    const location = await uploadOn(first);
    const patch = async (node: Node, path: string, body: Buffer) => {
      const answer = await ask(node.origin, path, world.owner(), { method: "PATCH", body });
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 202, text: "" });
      return answer.location;
    };
    const after1 = await patch(first, location, parts[0] as Buffer);
    const after2 = await patch(second, after1, parts[1] as Buffer);
    const ended = await ask(third.origin, `${after2}?digest=${digest}`, world.owner(), {
      method: "PUT",
      body: parts[2],
    });
    expect({ status: ended.status, text: ended.text }).toEqual({ status: 201, text: "" });
    for (const { origin } of cluster.nodes) {
      const got = await ask(origin, `/v2/${project}/app/blobs/${digest}`, world.owner());
      expect(digestOf(Buffer.from(got.text))).toBe(digest);
    }
  });

  clientTest(
    "two nodes that send to one upload at once take turns, and the blob is what was agreed on",
    needs,
    async () => {
      const [first, second, third] = cluster.nodes;
      for (let round = 0; round < rounds; round++) {
        // Enough for a part of S3's, and something beyond it.
        const halves = ["a", "b"].map((letter) => Buffer.alloc(9_000_000, `${letter}${round} `));
        const digest = digestOf(Buffer.concat(halves));
        let location = await uploadOn(third);
        for (const [index, body] of halves.entries()) {
          const start = index * body.byteLength;
          const headers = { "content-range": `${start}-${start + body.byteLength - 1}` };
          const patches = await Promise.all(
            [first, second].map(({ origin }) =>
              ask(origin, location, world.owner(), { method: "PATCH", body, headers }),
            ),
          );
          expect(patches.map((answer) => answer.status).sort()).toEqual([202, 416]);
          location = patches.find((answer) => answer.status === 202)?.location ?? "";
        }
        const path = `${location}?digest=${digest}`;
        const puts = await Promise.all(
          [second, third].map(({ origin }) => ask(origin, path, world.owner(), { method: "PUT" })),
        );
        expect(puts.map((answer) => answer.status).sort()).toEqual([201, 404]);
        for (const { origin } of cluster.nodes) {
          const got = await ask(origin, `/v2/${project}/app/blobs/${digest}`, world.owner());
          expect(digestOf(Buffer.from(got.text))).toBe(digest);
        }
      }
    },
  );

  clientTest("what one node takes away, all refuse from its answer on", needs, async () => {
    const [first] = cluster.nodes;
    const created = await world.administer(
      "iam",
      "service-accounts",
      "create",
      "reader",
      `--project=${project}`,
      "--format=json",
    );
    const { email } = JSON.parse(created) as { email: string };
    const grant = [`--member=serviceAccount:${email}`, "--role=roles/artifactregistry.reader"];
    await world.administer("projects", "add-iam-policy-binding", project, ...grant);
    const keyFile = join(cluster.folder, "reader.json");
    await world.administer("iam", "service-accounts", "keys", "create", keyFile, `--iam-account=${email}`);
    const { private_key_id: keyId } = JSON.parse(readFileSync(keyFile, "utf8")) as KeyFile;
    const token = await accessToken(cluster.origin, keyFile);
    const statuses = () =>
      Promise.all(cluster.nodes.map(({ origin }) => status(`${origin}/v2/${project}/app/manifests/1`, bearer(token))));
    // Each of them has decided and remembered it by then.
    expect([...(await statuses()), ...(await statuses())]).toEqual(Array(6).fill(200));
    const key = `/v1/projects/${project}/serviceAccounts/${email}/keys/${keyId}`;
    const administration = await accessToken(first.origin, cluster.ownerKey);
    expect((await ask(first.origin, `${key}:disable`, administration, { method: "POST" })).status).toBe(200);
    expect(await statuses()).toEqual([401, 401, 401]);
    expect((await ask(first.origin, `${key}:enable`, administration, { method: "POST" })).status).toBe(200);
    expect(await statuses()).toEqual([200, 200, 200]);
    const account = `/v1/projects/${project}/serviceAccounts/${email}`;
    expect((await ask(first.origin, `${account}:disable`, administration, { method: "POST" })).status).toBe(200);
    expect(await statuses()).toEqual([401, 401, 401]);
  });

  clientTest(
    "a node that is cut off from the database refuses, the others go on, and it comes back by itself",
    needs,
    async () => {
      const [, , third] = cluster.nodes;
      const path = `/v2/${project}/app/manifests/1`;
      let slowest = 0;
      for (let round = 0; round < rounds; round++) {
        await until(async () => (await ask(third.origin, path, world.owner())).status === 200);
        third.database.cut();
        const refused = await ask(third.origin, path, world.owner());
        expect(refused).toMatchObject({ status: 503, retryAfter: "1" });
        expect(refused.milliseconds).toBeLessThan(refusedWithinMilliseconds);
        slowest = Math.max(slowest, refused.milliseconds);
        expect((await fetch(`${third.origin}/readyz`)).status).toBe(503);
        expect((await fetch(`${third.origin}/healthz`)).status).toBe(200);
        // The balancer looks every 0.2 s, and asks another one where a node refuses.
        for (let times = 0; times < 9; times++)
          expect((await ask(cluster.origin, path, world.owner())).status).toBe(200);
        third.database.heal();
      }
      await until(async () => (await ask(third.origin, path, world.owner())).status === 200);
      console.error(`${rounds} times cut off from the database: refused after ${Math.round(slowest)} ms at most`);
    },
  );

  clientTest("pulls go on and pushes end well while nodes are killed and started again", needs, async () => {
    const killAll = async () => {
      for (let round = 0; round < rounds; round++) {
        for (const node of cluster.nodes) {
          await node.kill();
          await Bun.sleep(500);
          await node.start();
        }
      }
    };
    let isOver = () => {};
    const over = new Promise<void>((resolve) => {
      isOver = resolve;
    });
    const clients = world.images.map(async (images, index) => {
      const puller = world.pullers[index] ?? images;
      let [pushes, again] = [0, 0];
      const pushing = during(
        async () => {
          const reference = `${cluster.host}/${project}/pushed-with-${images.name}:${++pushes}`;
          const { failure, repeated } = await images.push(reference);
          again += repeated;
          return failure ?? (await images.pull(reference));
        },
        () => over,
      );
      const pulling = during(
        () => puller.pull(world.pulled),
        () => over,
      );
      return { name: images.name, pushed: await pushing, pulled: await pulling, again };
    });
    await killAll().finally(isOver);
    for (const { name, pushed, pulled, again } of await Promise.all(clients)) {
      expect({ name, failures: [...pulled.failures, ...pushed.failures] }).toEqual({ name, failures: [] });
      expect(pulled.times).toBeGreaterThan(0);
      console.error(
        `${name}: ${pulled.times} pulls, ${pushed.times} pushes (${again} repeated) while ${3 * rounds} nodes were killed`,
      );
    }
  });

  clientTest("without the database every node says so, and all come back without help", needs, async () => {
    const path = `/v2/${project}/app/manifests/1`;
    for (const { database } of cluster.nodes) database.cut();
    const ends = performance.now() + cutMilliseconds;
    for (const { origin } of cluster.nodes) {
      expect(await ask(origin, path, world.owner())).toMatchObject({ status: 503, retryAfter: "1" });
      expect(await ask(origin, path, world.owner(), { method: "PUT", body: "{}" })).toMatchObject({
        status: 503,
        retryAfter: "1",
      });
    }
    const throughBalancer = await ask(cluster.origin, path, world.owner());
    expect(throughBalancer).toMatchObject({ status: 503, retryAfter: "1" });
    const statuses = new Set<number>();
    while (performance.now() < ends) {
      for (const { origin } of cluster.nodes) statuses.add((await ask(origin, path, world.owner())).status);
      await Bun.sleep(50);
    }
    expect([...statuses]).toEqual([503]);
    for (const { database } of cluster.nodes) database.heal();
    await until(async () => (await ask(cluster.origin, path, world.owner())).status === 200);
    for (const images of world.images) expect(await images.pull(world.pulled)).toBeUndefined();
    for (const { origin } of cluster.nodes)
      await until(async () => (await ask(origin, path, world.owner())).status === 200);
  });

  clientTest("keys that one node rotates sign and count on all", needs, async () => {
    const [first, second, third] = cluster.nodes;
    const before = await accessToken(second.origin, cluster.ownerKey);
    const where = [
      `--data=${join(cluster.folder, first.name)}`,
      `--database-file=${join(cluster.folder, "node1.url")}`,
    ];
    expect(await runCommand("server", "rotate-keys", ...where)).toMatchObject({ code: 0 });
    const token = await accessToken(first.origin, cluster.ownerKey);
    expect(keyOf(token)).not.toBe(keyOf(before));
    for (const { origin } of [second, third]) {
      expect(await status(`${origin}/v2/${project}/app/manifests/1`, bearer(token))).toBe(200);
      expect(await status(`${origin}/v2/${project}/app/manifests/1`, bearer(before))).toBe(200);
      await until(async () => keyOf(await accessToken(origin, cluster.ownerKey)) === keyOf(token));
    }
    expect(await runCommand("server", "rotate-keys", "--revoke-old", ...where)).toMatchObject({ code: 0 });
    for (const { origin } of cluster.nodes) {
      expect(await status(`${origin}/v2/${project}/app/manifests/1`, bearer(token))).toBe(401);
    }
    await world.login();
  });

  clientTest(
    "nodes of the next version take over one by one, and its migration runs beside the old ones",
    needs,
    async () => {
      const next = join(import.meta.dir, "next-version.ts");
      const [skopeo = never(), podman = skopeo] = world.images;
      const { failures, times } = await during(
        () => skopeo.pull(world.pulled),
        async () => {
          for (const node of cluster.nodes) {
            expect(await node.stop()).toBe(0);
            await node.start(next);
            const pushed = await podman.push(`${cluster.host}/${project}/rolling:${node.name}`);
            expect(pushed).toEqual({ failure: undefined, repeated: 0 });
          }
        },
      );
      expect(failures).toEqual([]);
      expect(times).toBeGreaterThan(0);
    },
  );
});

function never(): never {
  throw new Error("no client");
}

function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** The id of the key that signed a token of ours. */
function keyOf(token: string): string {
  const [head = ""] = token.replace(/^wba_/, "").split(".");
  return (JSON.parse(Buffer.from(head, "base64url").toString()) as { kid: string }).kid;
}
