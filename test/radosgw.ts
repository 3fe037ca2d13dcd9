/**
 * A real S3 server for tests: Ceph's radosgw over one monitor and one object store in memory, on loopback, all in a temp folder.
 *
 * It takes seconds to start, so that one serves a whole run: whoever asks first starts it, and it ends with the process
 * (`setpriv --pdeathsig`). Each test has a bucket of its own.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import { clientsRequired } from "./clients/machine.ts";

export interface Radosgw {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Makes an empty bucket, and answers its name. */
  bucket(): Promise<string>;
  /** Ends the S3 server, as a crash would; what was stored stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port; resolves when it answers. */
  restart(): Promise<void>;
}

const programs = ["ceph-authtool", "monmaptool", "ceph-mon", "ceph-osd", "ceph", "radosgw", "radosgw-admin", "setpriv"];
const accessKeyId = "WAYBILLTESTKEY";
const secretAccessKey = "waybill-test-secret-0123456789";
/** 13 s on an idle machine. */
const readyWithinMilliseconds = 150_000;
const startAttemptsMax = 3;

/** Why no radosgw can be started here, in the words of a skipped test; undefined when one can, or must be. */
export function radosgwMissing(): string | undefined {
  return clientsRequired || programs.every((program) => Bun.which(program)) ? undefined : "skipped: needs radosgw";
}

/** The one of this process: test files have modules of their own, but share what is global. */
const shared = globalThis as { waybillRadosgw?: Promise<Radosgw> };

/** The S3 server of this run. */
export function sharedRadosgw(): Promise<Radosgw> {
  shared.waybillRadosgw ??= startRadosgw();
  return shared.waybillRadosgw;
}

/** Starts one of its own, which ends with this process. */
export async function startRadosgw(): Promise<Radosgw> {
  const absent = programs.filter((program) => !Bun.which(program));
  if (absent.length > 0) throw new Error(`needs ${absent.join(", ")} (radosgw ceph-mon ceph-osd ceph-common)`);
  for (let attempt = 1; ; attempt++) {
    const folder = await mkdtemp(join(tmpdir(), "waybill-radosgw-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    try {
      return await startIn(folder);
    } catch (error) {
      // Another process may have taken a port between its choice and its use.
      if (attempt === startAttemptsMax) throw error;
    }
  }
}

async function startIn(folder: string): Promise<Radosgw> {
  const [monitorPort, oldMonitorPort, port] = [await freePort(), await freePort(), await freePort()];
  for (const name of ["mon", "osd", "rgw", "log", "run"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "ceph.conf"), configuration(folder, { monitorPort, oldMonitorPort, port }));
  const keyring = join(folder, "keyring");
  const conf = ["-c", join(folder, "ceph.conf")];
  const allowAll = ["--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *"];
  await run(["ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"]);
  await run(["ceph-authtool", keyring, "--gen-key", "-n", "client.admin", ...allowAll]);
  const addresses = `[v2:127.0.0.1:${monitorPort},v1:127.0.0.1:${oldMonitorPort}]`;
  const map = join(folder, "monmap");
  await run(["monmaptool", "--create", "--clobber", "--addv", "a", addresses, "--fsid", fsid, map]);
  await run(["ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring, ...conf]);
  const monitor = background(["ceph-mon", "-f", "-i", "a", ...conf], folder);
  const key = async (name: string, ...caps: string[]) =>
    await run(["ceph", ...conf, "--connect-timeout", "60", "auth", "get-or-create", name, ...caps]);
  const osdKey = await key("osd.0", "mon", "allow profile osd", "osd", "allow *", "mgr", "allow profile osd");
  writeFileSync(join(folder, "osd", "keyring"), osdKey);
  writeFileSync(join(folder, "rgw", "keyring"), await key("client.rgw", "mon", "allow rwx", "osd", "allow rwx"));
  const osdId = crypto.randomUUID();
  await run(["ceph", ...conf, "osd", "new", osdId]);
  await run(["ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osdId, ...conf]);
  const osd = background(["ceph-osd", "-f", "-i", "0", ...conf], folder);
  const endpoint = `http://127.0.0.1:${port}`;
  let gateway = background(["radosgw", "-f", "-n", "client.rgw", ...conf], folder);
  await answers(endpoint, [monitor, osd, gateway]);
  const user = ["user", "create", "--uid=waybill", "--display-name=waybill"];
  const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
  await run(["radosgw-admin", ...conf, ...user, ...keys]);
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "us-east-1" });
  return {
    endpoint,
    accessKeyId,
    secretAccessKey,
    async bucket() {
      const name = `waybill-${crypto.randomUUID()}`;
      const answer = await client.fetch(`${endpoint}/${name}`, { method: "PUT" });
      if (!answer.ok) throw new Error(`no bucket: ${answer.status} ${await answer.text()}`);
      return name;
    },
    async kill() {
      gateway.kill("SIGKILL");
      await gateway.exited;
    },
    async restart() {
      gateway = background(["radosgw", "-f", "-n", "client.rgw", ...conf], folder);
      await answers(endpoint, [gateway]);
    },
  };
}

const fsid = crypto.randomUUID();

function configuration(
  folder: string,
  { monitorPort, oldMonitorPort, port }: { monitorPort: number; oldMonitorPort: number; port: number },
): string {
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
memstore device bytes = 4294967296
log file = ${folder}/log/$name.log
log to stderr = false
err to stderr = false
admin socket = ${folder}/run/$name.asok
pid file = ${folder}/run/$name.pid
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
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw data = ${folder}/rgw
rgw enable usage log = false
rgw gc obj min wait = 2
rgw gc processor period = 2
`;
}

/** Runs a program to its end; answers what it printed. */
async function run(command: string[]): Promise<string> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return stdout;
}

/** A server that ends with this process. */
function background(command: string[], folder: string): Bun.Subprocess {
  const child = Bun.spawn(["setpriv", "--pdeathsig=SIGKILL", ...command], {
    cwd: folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(folder, "log", `${command[0]}.stderr`)),
  });
  child.unref();
  return child;
}

async function answers(endpoint: string, servers: readonly Bun.Subprocess[]): Promise<void> {
  const deadline = Date.now() + readyWithinMilliseconds;
  while (Date.now() < deadline) {
    const ended = servers.find(({ exitCode }) => exitCode !== null);
    if (ended) throw new Error(`a part of Ceph ended with ${ended.exitCode}`);
    if (await fetch(endpoint, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)) return;
    await Bun.sleep(50);
  }
  throw new Error("radosgw does not answer");
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no loopback port to be had");
  return address.port;
}
