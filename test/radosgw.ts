/**
 * A real S3 server for tests: Ceph's radosgw over one monitor and one object store in memory, on loopback, all in a temp folder.
 *
 * It takes seconds to start, so that one serves a whole run: whichever of the runner's processes asks first starts it, and it
 * ends with the runner. Each test has a bucket of its own, and one that cuts the store off a gateway of its own.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import { clientsRequired } from "./clients/machine.ts";
import { freePort } from "./free-port.ts";

export interface Gateway {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** Ends it; what was stored stays. (One that crashed is waited for by Ceph for half a minute.) */
  stop(): Promise<void>;
  /** Starts it again on the same port; resolves when it answers. */
  restart(): Promise<void>;
  /** Has it take connections and say nothing, until `proceed`. */
  hang(): void;
  proceed(): void;
}

export interface Radosgw {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** What a process needs to be let in. */
  readonly env: { readonly AWS_ACCESS_KEY_ID: string; readonly AWS_SECRET_ACCESS_KEY: string };
  /** Makes an empty bucket, and answers its name. */
  bucket(): Promise<string>;
  /** Another way in to the same buckets, which may be cut. */
  gateway(): Promise<Gateway>;
}

const programs = ["ceph-authtool", "monmaptool", "ceph-mon", "ceph-osd", "ceph", "radosgw", "radosgw-admin"];
const env = { AWS_ACCESS_KEY_ID: "WAYBILLTESTKEY", AWS_SECRET_ACCESS_KEY: "waybill-test-secret-0123456789" };
/** 12 s on an idle machine. */
const readyWithinMilliseconds = 150_000;
/** The processes of a parallel run are children of the one that was started. */
const runner = process.env.BUN_TEST_WORKER_ID === undefined ? process.pid : process.ppid;
const folder = join(tmpdir(), `waybill-radosgw-${runner}`);
const description = join(folder, "ready.json");
const conf = ["-c", join(folder, "ceph.conf")];

/** Why no radosgw can be started here, in the words of a skipped test; undefined when one can, or must be. */
export function radosgwMissing(): string | undefined {
  return clientsRequired || programs.every((program) => Bun.which(program)) ? undefined : "skipped: needs radosgw";
}

/** The S3 server of this run. */
export async function sharedRadosgw(): Promise<Radosgw> {
  if (isFirst()) {
    await start().catch((error: Error) => {
      publish({ failed: error.message });
    });
  }
  const { endpoint, failed } = await published();
  if (endpoint === undefined) throw new Error(failed);
  const client = new AwsClient({
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    service: "s3",
    region: "us-east-1",
  });
  return {
    endpoint,
    env,
    async bucket() {
      const name = `waybill-${crypto.randomUUID()}`;
      const answer = await client.fetch(`${endpoint}/${name}`, { method: "PUT" });
      if (!answer.ok) throw new Error(`no bucket: ${answer.status} ${await answer.text()}`);
      return name;
    },
    gateway: startGateway,
  };
}

function isFirst(): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function publish(what: { endpoint: string } | { failed: string }): void {
  writeFileSync(`${description}.new`, JSON.stringify(what));
  renameSync(`${description}.new`, description);
}

async function published(): Promise<{ endpoint?: string; failed?: string }> {
  const deadline = Date.now() + readyWithinMilliseconds;
  while (!existsSync(description) && Date.now() < deadline) await Bun.sleep(50);
  return JSON.parse(readFileSync(description, "utf8"));
}

async function start(): Promise<void> {
  const absent = programs.filter((program) => !Bun.which(program));
  if (absent.length > 0) throw new Error(`needs ${absent.join(", ")} (radosgw ceph-mon ceph-osd ceph-common)`);
  const fsid = crypto.randomUUID();
  const [monitorPort, oldMonitorPort] = [await freePort(), await freePort()];
  for (const name of ["mon", "osd", "rgw", "log", "run"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "ceph.conf"), configuration(fsid, monitorPort, oldMonitorPort));
  const keyring = join(folder, "keyring");
  const allowAll = ["--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"];
  await run("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *");
  await run("ceph-authtool", keyring, "--gen-key", "-n", "client.admin", ...allowAll);
  const addresses = `[v2:127.0.0.1:${monitorPort},v1:127.0.0.1:${oldMonitorPort}]`;
  const map = join(folder, "monmap");
  await run("monmaptool", "--create", "--clobber", "--addv", "a", addresses, "--fsid", fsid, map);
  await run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring, ...conf);
  background("mon", "ceph-mon", "-f", "-i", "a", ...conf);
  const key = async (name: string, ...caps: string[]) =>
    await run("ceph", ...conf, "--connect-timeout", "60", "auth", "get-or-create", name, ...caps);
  const osdKey = await key("osd.0", "mon", "allow profile osd", "osd", "allow *", "mgr", "allow profile osd");
  writeFileSync(join(folder, "osd", "keyring"), osdKey);
  writeFileSync(join(folder, "rgw", "keyring"), await key("client.rgw", "mon", "allow rwx", "osd", "allow rwx"));
  const osdId = crypto.randomUUID();
  await run("ceph", ...conf, "osd", "new", osdId);
  await run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osdId, ...conf);
  background("osd", "ceph-osd", "-f", "-i", "0", ...conf);
  const { endpoint } = await startGateway();
  const keys = [`--access-key=${env.AWS_ACCESS_KEY_ID}`, `--secret-key=${env.AWS_SECRET_ACCESS_KEY}`];
  await run("radosgw-admin", ...conf, "user", "create", "--uid=waybill", "--display-name=waybill", ...keys);
  publish({ endpoint });
}

let gateways = 0;

async function startGateway(): Promise<Gateway> {
  const name = `gateway-${process.pid}-${++gateways}`;
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  let server: Bun.Subprocess;
  const begin = async () => {
    const options = [
      `--rgw-frontends=beast endpoint=127.0.0.1:${port} tcp_nodelay=1`,
      `--admin-socket=${folder}/run/${name}.asok`,
    ];
    server = background(name, "radosgw", "-f", "-n", "client.rgw", ...conf, ...options);
    await answers(endpoint, server);
  };
  await begin();
  const signal = (what: NodeJS.Signals) => void process.kill(Number(readFileSync(pidFile(name), "utf8")), what);
  return {
    endpoint,
    async stop() {
      signal("SIGTERM");
      await server.exited;
    },
    restart: begin,
    hang: () => signal("SIGSTOP"),
    proceed: () => signal("SIGCONT"),
  };
}

const pidFile = (name: string) => join(folder, "run", `${name}.pid`);

function configuration(fsid: string, monitorPort: number, oldMonitorPort: number): string {
  return `[global]
fsid = ${fsid}
mon host = v2:127.0.0.1:${monitorPort},v1:127.0.0.1:${oldMonitorPort}
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
public addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 1000
auth allow insecure global id reclaim = true
osd objectstore = memstore
memstore device bytes = 8589934592
log file = ${folder}/log/$name.log
log to stderr = false
err to stderr = false
admin socket = ${folder}/run/$name.asok
run dir = ${folder}/run
keyring = ${folder}/keyring
[mon.a]
mon data = ${folder}/mon
[osd.0]
osd data = ${folder}/osd
keyring = ${folder}/osd/keyring
[client.rgw]
keyring = ${folder}/rgw/keyring
rgw init timeout = 120
rgw data = ${folder}/rgw
rgw enable usage log = false
rgw cache enabled = false
rgw gc obj min wait = 2
rgw gc processor period = 2
`;
}

/** Runs a program to its end; answers what it printed. */
async function run(...command: string[]): Promise<string> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return stdout;
}

/** Runs until it ends, or the runner has: a shell looks after it that outlives us, and the monitor's takes the folder along. */
const guard = `
trap '' INT TERM HUP
runner=$1 pidfile=$2 folder=$3 name=$4; shift 4
"$@" & child=$!
echo $child > "$pidfile"
while kill -0 $runner 2>/dev/null && kill -0 $child 2>/dev/null; do sleep 0.3; done
kill -CONT $child 2>/dev/null; kill -9 $child 2>/dev/null; wait $child 2>/dev/null
if ! kill -0 $runner 2>/dev/null && [ "$name" = mon ]; then sleep 2; rm -rf "$folder"; fi
`;

function background(name: string, ...command: string[]): Bun.Subprocess {
  const child = Bun.spawn(["sh", "-c", guard, "sh", String(runner), pidFile(name), folder, name, ...command], {
    cwd: folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(folder, "log", `${name}.stderr`)),
    detached: true,
  });
  child.unref();
  return child;
}

async function answers(endpoint: string, server: Bun.Subprocess): Promise<void> {
  const deadline = Date.now() + readyWithinMilliseconds;
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`radosgw ended with ${server.exitCode}`);
    if (await fetch(endpoint, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)) return;
    await Bun.sleep(50);
  }
  throw new Error("radosgw does not answer");
}
