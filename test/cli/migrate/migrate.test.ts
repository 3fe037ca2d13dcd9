import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { startAdministeredServer } from "../administered-server.ts";
import { startFaultyRegistry } from "../copy/faulty-registry.ts";
import { Pusher, startRegistry } from "../copy/registries.ts";

const limitMilliseconds = 120_000;
type Status = { state: string; tags: { waiting: number; done: number; failed: number } };

/** A registry with a project that everybody may pull from, behind a front, and an empty server. */
async function startMigration(fault: Parameters<typeof startFaultyRegistry>[1] = {}) {
  const old = await startRegistry("one");
  const everybody = ["--member=allUsers", "--role=roles/artifactregistry.reader"];
  await old.waybill(["projects", "add-iam-policy-binding", "one", ...everybody]);
  const front = startFaultyRegistry(old.origin, fault);
  const server = await startAdministeredServer([`--private-upstreams=${front.host}`]);
  return {
    old,
    front,
    server,
    there: new Pusher(old.origin, old.keyFile),
    here: new Pusher(server.origin, server.adminKey),
    async [Symbol.asyncDispose]() {
      front.stop();
      await Promise.all([old, server].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

type Server = Pick<Awaited<ReturnType<typeof startAdministeredServer>>, "waybill">;

async function statusOf(server: Server, env: Record<string, string> = {}): Promise<Status> {
  const { stdout, stderr } = await server.waybill(["migrate", "status", "--project=one", "--format=json"], env);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Status;
}

async function untilDone(server: Server, env: Record<string, string> = {}): Promise<Status> {
  for (;;) {
    const status = await statusOf(server, env);
    if (status.state === "done") return status;
    await Bun.sleep(300);
  }
}

test(
  "a project moves here: its paths answer at once, and the rest comes by itself",
  async () => {
    await using it = await startMigration();
    const app = await it.there.image("one/app", "1", [100_000]);
    const images = [
      await it.there.image("one/team/tool", undefined, [10]),
      await it.there.image("one/team/tool", undefined, [20]),
    ];
    const tool = await it.there.index("one/team/tool", "latest", images);
    await it.there.image("one/team/tool", "old", [30]);
    const begun = await it.server.waybill(["migrate", `--from=${it.front.host}/one`]);
    expect(begun.stderr).toContain("answers for");
    expect(begun.exitCode).toBe(0);
    expect((await it.here.pull("one/app", "1")).digest).toBe(app.digest);
    expect(await untilDone(it.server)).toMatchObject({ state: "done", tags: { done: 3, waiting: 0, failed: 0 } });
    it.front.stop();
    expect(await it.here.pull("one/team/tool", "latest")).toEqual({ digest: tool, blobs: 4 });
    expect((await it.here.pull("one/team/tool", "old")).blobs).toBe(2);
    const table = await it.server.waybill(["migrate", "status", "--project=one"]);
    expect(table.stdout).toMatch(/FROM +STATE +DONE +WAITING +FAILED\n\S+ +done +3 +0 +0/);
  },
  limitMilliseconds,
);

test(
  "what refers to an image comes along, though it has no tag, and what refers to that",
  async () => {
    await using it = await startMigration();
    const child = await it.there.image("one/app", undefined, [10]);
    const index = await it.there.index("one/app", "1", [child]);
    const signature = await it.there.image("one/app", undefined, [20], { subject: child, artifactType: "text/sig" });
    const timestamp = await it.there.image("one/app", undefined, [30], {
      subject: signature,
      artifactType: "text/time",
    });
    await it.server.waybill(["migrate", `--from=${it.front.host}/one`]);
    expect(await untilDone(it.server)).toMatchObject({ tags: { done: 1, waiting: 0, failed: 0 } });
    it.front.stop();
    expect((await it.here.pull("one/app", index)).blobs).toBe(2);
    for (const [subject, referrer] of [
      [child, signature],
      [signature, timestamp],
    ] as const) {
      const listed = await it.here.expect(200, `/v2/one/app/referrers/${subject.digest}`);
      const { manifests } = (await listed.json()) as { manifests: { digest: string }[] };
      expect(manifests.map(({ digest }) => digest)).toEqual([referrer.digest]);
      expect((await it.here.pull("one/app", referrer.digest)).blobs).toBe(2);
    }
  },
  limitMilliseconds,
);

test(
  "an import goes on after its server was killed in the middle",
  async () => {
    await using it = await startMigration({ slowManifestsMilliseconds: 150 });
    const digests = new Map<string, string>();
    for (let index = 0; index < 12; index++) {
      const { digest } = await it.there.image("one/app", `t${index}`, [1000]);
      digests.set(`t${index}`, digest);
    }
    await it.server.waybill(["migrate", `--from=${it.front.host}/one`]);
    while ((await statusOf(it.server)).tags.done === 0) await Bun.sleep(50);
    process.kill(it.server.pid, "SIGKILL");
    await it.server.exited;
    const again = await it.server.restart();
    const env = { WAYBILL_SERVER: again.origin };
    expect((await statusOf(it.server, env)).tags.done).toBeLessThan(12);
    expect((await untilDone(it.server, env)).tags).toEqual({ waiting: 0, done: 12, failed: 0 });
    it.front.stop();
    for (const [tag, digest] of digests)
      expect(await it.here.at(again.origin).pull("one/app", tag)).toEqual({ digest, blobs: 2 });
    await again.stop();
  },
  limitMilliseconds,
);

test(
  "a project that is there already for something else is not taken over",
  async () => {
    await using server = await startAdministeredServer();
    await server.waybill(["projects", "create", "one"]);
    const { exitCode, stderr } = await server.waybill(["migrate", "--from=gcr.io/one"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("is an ordinary project");
    expect((await server.waybill(["migrate", "--from=gcr.io"])).exitCode).toBe(2);
    expect((await server.waybill(["migrate", "elsewhere"])).exitCode).toBe(2);
  },
  limitMilliseconds,
);

test(
  "callers are those who send a key as their password, or whose key is old",
  async () => {
    await using registry = await startRegistry("one");
    const list = async (...more: string[]) => {
      const argv = ["migrate", "callers", "--project=one", "--format=json", ...more];
      return JSON.parse((await registry.waybill(argv)).stdout) as { email: string; keyId: string; way: string }[];
    };
    const keyId = JSON.parse(readFileSync(registry.keyFile, "utf8")).private_key_id;
    const email = "copier@one.iam.waybill.internal";
    const argv = ["auth", "print-access-token", `--key-file=${registry.keyFile}`];
    const token = (await registry.waybill(argv)).stdout.trim();
    const ping = await fetch(`${registry.origin}/v2/`, { headers: { authorization: `Bearer ${token}` } });
    expect(ping.status).toBe(200);
    while ((await list("--key-days=0")).length === 0) await Bun.sleep(500);
    // Its key is young, and it never left its owner.
    expect(await list()).toEqual([]);
    expect(await list("--key-days=0")).toMatchObject([{ email, keyId, way: "token" }]);
    await new Pusher(registry.origin, registry.keyFile).expect(200, "/v2/");
    while ((await list()).length === 0) await Bun.sleep(500);
    expect(await list()).toMatchObject([{ email, keyId, way: "key as password" }]);
  },
  limitMilliseconds,
);
