/**
 * A throw-away PostgreSQL for tests: a fresh cluster in a temp folder, on a loopback port and a unix socket, gone after `stop()`.
 *
 * The server runs as a direct child that dies with the test process (`setpriv --pdeathsig`), so that an aborted run leaves nothing behind.
 */
import { realpathSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import pg from "pg";
import { freePort } from "./free-port.ts";

export interface Postgres {
  /** A connection string to an empty database, over loopback TCP. */
  readonly url: string;
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root; 65534 is "nobody" on every Linux. */
const UNPRIVILEGED_ID = 65534;

/** Starting a cluster takes 0.2 s on an idle machine; a loaded one may need much longer. */
const READY_WITHIN_MILLISECONDS = 30_000;

/** Between finding a free port and binding it another process may take it. */
const START_ATTEMPTS_MAX = 3;

/** Why no PostgreSQL can be started here, in the words of a skipped test; undefined when one can. */
export function postgresMissing(): string | undefined {
  return binaryFolder() && Bun.which("setpriv") ? undefined : "skipped: needs postgresql";
}

/** Starts an empty PostgreSQL and returns once it answers. */
export async function startPostgres(): Promise<Postgres> {
  const binaries = binaryFolder();
  if (!binaries) throw new Error("no initdb in PATH or in /usr/lib/postgresql/*/bin: install postgresql");
  const folder = await mkdtemp(join(tmpdir(), "waybill-postgres-"));
  try {
    if (isRoot()) await chown(folder, UNPRIVILEGED_ID, UNPRIVILEGED_ID);
    await createCluster(binaries, folder);
    for (let attempt = 1; ; attempt++) {
      const started = await startCluster(binaries, folder);
      if (started) return started;
      if (attempt === START_ATTEMPTS_MAX) throw new Error(await logOf(folder));
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function binaryFolder(): string | undefined {
  const inPath = Bun.which("initdb");
  if (inPath) return dirname(realpathSync(inPath)); // a link in PATH, its siblings beside the target
  const found = [...new Glob("/usr/lib/postgresql/*/bin/initdb").scanSync({ absolute: true, followSymlinks: true })];
  const newest = found.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  return newest && dirname(newest);
}

async function createCluster(binaries: string, folder: string): Promise<void> {
  // --no-sync: nobody needs this cluster after a power cut.
  const options = ["--auth=trust", "--username=waybill", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
  const initdb = run([join(binaries, "initdb"), "-D", join(folder, "data"), ...options], folder);
  if ((await initdb.exited) !== 0) throw new Error(await logOf(folder));
}

/** One attempt at a port; undefined when the server ended before it answered. */
async function startCluster(binaries: string, folder: string): Promise<Postgres | undefined> {
  const port = await freePort();
  const settings = [
    "fsync=off",
    "synchronous_commit=off",
    "listen_addresses=127.0.0.1",
    `unix_socket_directories=${folder}`,
  ];
  const options = [...settings, `port=${port}`, "max_connections=100"].flatMap((setting) => ["-c", setting]);
  const server = run([join(binaries, "postgres"), "-D", join(folder, "data"), ...options], folder);
  const deadline = Date.now() + READY_WITHIN_MILLISECONDS;
  while (server.exitCode === null && Date.now() < deadline) {
    if (await isReady(folder)) {
      return { url: `postgres://waybill@127.0.0.1:${port}/postgres`, stop: () => stop(server, folder) };
    }
    await Bun.sleep(20);
  }
  server.kill("SIGKILL");
  await server.exited;
  return undefined;
}

/** The server itself writes "ready" on the last line of its pid file; pg_ctl waits for the same word. */
async function isReady(folder: string): Promise<boolean> {
  const pidFile = Bun.file(join(folder, "data", "postmaster.pid"));
  return (await pidFile.exists()) && (await pidFile.text()).trimEnd().endsWith("ready");
}

async function stop(server: Bun.Subprocess, folder: string): Promise<void> {
  server.kill("SIGINT"); // "fast shutdown": ends open connections instead of waiting for them
  await server.exited;
  await rm(folder, { recursive: true, force: true });
}

function run(command: string[], folder: string): Bun.Subprocess {
  const identity = [`--reuid=${UNPRIVILEGED_ID}`, `--regid=${UNPRIVILEGED_ID}`, "--clear-groups"];
  return Bun.spawn(["setpriv", ...(isRoot() ? identity : []), "--pdeathsig=SIGINT", ...command], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder, LANG: "C.UTF-8" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(folder, "log")),
  });
}

async function logOf(folder: string): Promise<string> {
  return `PostgreSQL did not start: ${await Bun.file(join(folder, "log")).text()}`;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** An empty database on the server; answers its connection string. */
export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
