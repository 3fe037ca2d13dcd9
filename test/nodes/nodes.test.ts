import { afterAll, beforeAll, describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { digestOf } from "../../src/registry/digest.ts";
import { clientTest } from "../clients/client-test.ts";
import { makeImage } from "../clients/image.ts";
import { plainHttp, skopeo } from "../clients/image-client.ts";
import { missing } from "../clients/machine.ts";
import { Sandbox } from "../clients/sandbox.ts";
import { runCommand } from "../faults/server-process.ts";
import { type Cluster, type Node, startCluster, status, until } from "./cluster.ts";
import { accessToken, ask } from "./requests.ts";

/** The whole form (`npm run test:nodes`) cuts for as long as an outage takes; in CI it is long enough for every clock here. */
const cutMilliseconds = Number(process.env.WAYBILL_NODES_CUT_SECONDS ?? 3) * 1000;
const rounds = Number(process.env.WAYBILL_NODES_ROUNDS ?? 1);

const needs = ["skopeo", "postgresql", "haproxy"] as const;
const project = "demo";

let cluster: Cluster;
let sandbox: Sandbox;
let owner: string;
let pulled: string;
beforeAll(async () => {
  if (missing(needs).length > 0) return;
  cluster = await startCluster();
  sandbox = await Sandbox.create();
  await administer("projects", "create", project);
  await login();
  pulled = `${cluster.host}/${project}/app:1`;
  await skopeo.load(sandbox, makeImage(), pulled);
  expect(await copy("push", pulled)).toBeUndefined();
}, 180_000);
afterAll(async () => {
  await sandbox?.[Symbol.asyncDispose]();
  await cluster?.close();
}, 60_000);

/** Runs a command against one node, else against the balancer. */
async function administer(...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(
    ...command,
    `--server=${cluster.origin}`,
    `--key-file=${cluster.ownerKey}`,
  );
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** With a token, since the balancer speaks plain HTTP. */
async function login(): Promise<void> {
  owner = await accessToken(cluster.origin, cluster.ownerKey);
  await skopeo.login(sandbox, cluster.host, { username: "oauth2accesstoken", password: owner });
}

let copies = 0;
/** Pushes or pulls with skopeo, which tries again by itself as it would anywhere; answers what it said when it failed. */
async function copy(way: "push" | "pull", reference: string): Promise<string | undefined> {
  const [layout, folder] = [sandbox.path(`layout-${Bun.hash(reference)}`), sandbox.path(`copy-${++copies}`)];
  const remote = `docker://${reference}`;
  const [from, to, tls] =
    way === "push" ? [`oci:${layout}:latest`, remote, "dest-"] : [remote, `dir:${folder}`, "src-"];
  const command = ["skopeo", "copy", "--retry-times=8", ...plainHttp(reference, tls), from, to];
  const { exitCode, stderr } = await sandbox.run(command);
  return exitCode === 0 ? undefined : stderr;
}

/** Does something over and over while something else goes on; answers how often, and what went wrong. */
async function during(work: () => Promise<string | undefined>, other: () => Promise<void>) {
  const failures: string[] = [];
  let [times, isOver] = [0, false];
  const working = (async () => {
    while (!isOver) {
      const failure = await work();
      if (failure !== undefined) failures.push(failure);
      times++;
    }
  })();
  try {
    await other();
  } finally {
    isOver = true;
    await working;
  }
  return { times, failures };
}

async function uploadOn(node: Node): Promise<string> {
  const begun = await ask(node.origin, `/v2/${project}/app/blobs/uploads/`, owner, { method: "POST" });
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
      const answer = await ask(node.origin, path, owner, { method: "PATCH", body });
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 202, text: "" });
      return answer.location;
    };
    const after1 = await patch(first, location, parts[0] as Buffer);
    const after2 = await patch(second, after1, parts[1] as Buffer);
    const ended = await ask(third.origin, `${after2}?digest=${digest}`, owner, { method: "PUT", body: parts[2] });
    expect({ status: ended.status, text: ended.text }).toEqual({ status: 201, text: "" });
    for (const { origin } of cluster.nodes) {
      const got = await ask(origin, `/v2/${project}/app/blobs/${digest}`, owner);
      expect(digestOf(Buffer.from(got.text))).toBe(digest);
    }
  });

  clientTest("what one node takes away, all refuse from its answer on", needs, async () => {
    const [first] = cluster.nodes;
    const created = await administer(
      "iam",
      "service-accounts",
      "create",
      "reader",
      `--project=${project}`,
      "--format=json",
    );
    const { email } = JSON.parse(created) as { email: string };
    const grant = [`--member=serviceAccount:${email}`, "--role=roles/artifactregistry.reader"];
    await administer("projects", "add-iam-policy-binding", project, ...grant);
    const keyFile = join(cluster.folder, "reader.json");
    await administer("iam", "service-accounts", "keys", "create", keyFile, `--iam-account=${email}`);
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
      expect((await ask(third.origin, path, owner)).status).toBe(200);
      third.database.cut();
      const refused = await ask(third.origin, path, owner);
      expect({ status: refused.status, retryAfter: refused.retryAfter }).toEqual({ status: 503, retryAfter: "1" });
      console.error(`the first answer after the cut took ${Math.round(refused.milliseconds)} ms`);
      expect((await fetch(`${third.origin}/readyz`)).status).toBe(503);
      expect((await fetch(`${third.origin}/healthz`)).status).toBe(200);
      // The balancer looks every 0.2 s, and asks another one where a node refuses.
      for (let times = 0; times < 9; times++) expect((await ask(cluster.origin, path, owner)).status).toBe(200);
      third.database.heal();
      await until(async () => (await ask(third.origin, path, owner)).status === 200);
    },
  );

  clientTest("pulls go on and pushes end well while nodes are killed and started again", needs, async () => {
    let [pushes, again] = [0, 0];
    /** A request of a push that broke in its middle is the client's to repeat, and skopeo leaves that to who called it. */
    const push = async () => {
      const reference = `${cluster.host}/${project}/pushed:${++pushes}`;
      await skopeo.load(sandbox, makeImage({ largeLayerBytes: 200_000 }), reference);
      let failure = await copy("push", reference);
      for (let tries = 1; failure !== undefined && tries < 4; tries++) {
        again++;
        failure = await copy("push", reference);
      }
      return failure ?? (await copy("pull", reference));
    };
    const killAll = async () => {
      for (let round = 0; round < rounds; round++) {
        for (const node of cluster.nodes) {
          await node.kill();
          await Bun.sleep(500);
          await node.start();
        }
      }
    };
    let pulling: Awaited<ReturnType<typeof during>> | undefined;
    const pushing = await during(push, async () => {
      pulling = await during(() => copy("pull", pulled), killAll);
    });
    expect(pulling?.failures).toEqual([]);
    expect(pushing.failures).toEqual([]);
    expect(pulling?.times).toBeGreaterThan(0);
    console.error(
      `${pulling?.times} pulls, ${pushing.times} pushes (${again} of them repeated) while nodes were killed`,
    );
  });

  clientTest("without the database every node says so, and all come back without help", needs, async () => {
    const path = `/v2/${project}/app/manifests/1`;
    for (const { database } of cluster.nodes) database.cut();
    const ends = performance.now() + cutMilliseconds;
    for (const { origin } of cluster.nodes) {
      expect(await ask(origin, path, owner)).toMatchObject({ status: 503, retryAfter: "1" });
      expect(await ask(origin, path, owner, { method: "PUT", body: "{}" })).toMatchObject({
        status: 503,
        retryAfter: "1",
      });
    }
    const throughBalancer = await ask(cluster.origin, path, owner);
    expect(throughBalancer).toMatchObject({ status: 503, retryAfter: "1" });
    const statuses = new Set<number>();
    while (performance.now() < ends) {
      for (const { origin } of cluster.nodes) statuses.add((await ask(origin, path, owner)).status);
      await Bun.sleep(50);
    }
    expect([...statuses]).toEqual([503]);
    for (const { database } of cluster.nodes) database.heal();
    await until(async () => (await ask(cluster.origin, path, owner)).status === 200);
    expect(await copy("pull", pulled)).toBeUndefined();
    for (const { origin } of cluster.nodes) await until(async () => (await ask(origin, path, owner)).status === 200);
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
    await login();
  });

  clientTest(
    "nodes of the next version take over one by one, and its migration runs beside the old ones",
    needs,
    async () => {
      const next = join(import.meta.dir, "next-version.ts");
      const { failures, times } = await during(
        () => copy("pull", pulled),
        async () => {
          for (const node of cluster.nodes) {
            expect(await node.stop()).toBe(0);
            await node.start(next);
            const reference = `${cluster.host}/${project}/rolling:${node.name}`;
            await skopeo.load(sandbox, makeImage({ largeLayerBytes: 200_000 }), reference);
            expect(await copy("push", reference)).toBeUndefined();
          }
        },
      );
      expect(failures).toEqual([]);
      expect(times).toBeGreaterThan(0);
    },
  );
});

function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** The id of the key that signed a token of ours. */
function keyOf(token: string): string {
  const [head = ""] = token.replace(/^wba_/, "").split(".");
  return (JSON.parse(Buffer.from(head, "base64url").toString()) as { kid: string }).kid;
}
