/** Several nodes, as real processes, behind Debian's HAProxy, over one PostgreSQL and one store. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { haproxyProgram } from "../clients/machine.ts";
import { freePorts } from "../free-port.ts";
import { type Postgres, startPostgres } from "../postgres.ts";
import { type CuttableProxy, startCuttableProxy } from "./cuttable-proxy.ts";

const main = join(import.meta.dir, "../../src/main.ts");
const startWithinMilliseconds = 60_000;

export interface Node {
  readonly name: string;
  /** The node itself, not the balancer. */
  readonly origin: string;
  readonly database: CuttableProxy;
  /** Resolves when it is ready. */
  start(program?: string): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<number>;
  /** SIGSTOP has it stand still until SIGCONT. */
  signal(what: "SIGSTOP" | "SIGCONT"): void;
  log(): string;
}

export interface Cluster {
  readonly folder: string;
  /** `127.0.0.1:PORT` of the balancer. */
  readonly host: string;
  readonly origin: string;
  readonly nodes: readonly [Node, Node, Node];
  readonly postgres: Postgres;
  /** The path of the owner's key. */
  readonly ownerKey: string;
  close(): Promise<void>;
}

export interface Store {
  readonly blobs: string;
  readonly env: Readonly<Record<string, string>>;
  /** More of `waybill serve`'s. */
  readonly flags: readonly string[];
}

/** @param store where the blobs are to lie; absent for a folder that the nodes share */
export async function startCluster(store?: Store): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-nodes-"));
  const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const postgres = await startPostgres();
    undo.push(() => postgres.stop());
    const { blobs, env, flags } = store ?? { blobs: join(folder, "blobs"), env: {}, flags: [] };
    const [front, ...ports] = (await freePorts(4)) as [number, ...number[]];
    const host = `127.0.0.1:${front}`;
    const nodes: Node[] = [];
    for (const [index, port] of ports.entries()) {
      const database = await startCuttableProxy(Number(new URL(postgres.url).port));
      undo.push(() => database.close());
      const url = new URL(postgres.url);
      url.port = String(database.port);
      const node = nodeOf(`node${index + 1}`, folder, port, { url: url.href, host, blobs, env, flags, database });
      undo.push(() => node.kill());
      nodes.push(node);
    }
    // All at once: one of them makes the tables and the keys.
    await Promise.all(nodes.map((node) => node.start()));
    const ownerKey = join(folder, "node1.json");
    await until(() => existsSync(ownerKey) && readFileSync(ownerKey, "utf8").endsWith("}\n"));
    const balancer = startBalancer(folder, front, ports);
    undo.push(async () => {
      balancer.kill("SIGKILL");
      await balancer.exited;
    });
    await until(async () => (await status(`http://${host}/readyz`)) === 200);
    return { folder, host, origin: `http://${host}`, nodes: nodes as never, postgres, ownerKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits until something is so. Throws after a minute. */
export async function until(isSo: () => Promise<boolean> | boolean, milliseconds = 60_000): Promise<void> {
  for (const end = performance.now() + milliseconds; performance.now() < end; await Bun.sleep(20)) {
    if (await isSo()) return;
  }
  throw new Error("it did not come to be");
}

/** The status of an answer; 0 where none came. */
export async function status(url: string, init: RequestInit = {}): Promise<number> {
  try {
    const answer = await fetch(url, init);
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

interface Surroundings extends Store {
  readonly url: string;
  readonly host: string;
  readonly database: CuttableProxy;
}

function nodeOf(name: string, folder: string, port: number, around: Surroundings): Node {
  const [urlFile, logFile] = [join(folder, `${name}.url`), join(folder, `${name}.log`)];
  writeFileSync(urlFile, around.url, { mode: 0o600 });
  mkdirSync(join(folder, name), { mode: 0o700 });
  const options = {
    data: join(folder, name),
    listen: `127.0.0.1:${port}`,
    "database-file": urlFile,
    blobs: around.blobs,
    "public-url": `http://${around.host}`,
    "trusted-proxies": "127.0.0.0/8",
    "admin-key": join(folder, `${name}.json`),
    "anonymous-rate": "1000000",
    "principal-rate": "1000000",
  };
  const flags = [...around.flags, ...Object.entries(options).map(([key, value]) => `--${key}=${value}`)];
  let child: Bun.Subprocess | undefined;
  const origin = `http://127.0.0.1:${port}`;
  const end = async (signal: NodeJS.Signals) => {
    child?.kill(signal);
    return (await child?.exited) ?? 0;
  };
  return {
    name,
    origin,
    database: around.database,
    async start(program = main) {
      child = Bun.spawn(["setpriv", "--pdeathsig=SIGKILL", process.execPath, program, "serve", ...flags], {
        env: { PATH: process.env.PATH ?? "", ...around.env },
        stdout: "ignore",
        stderr: Bun.file(logFile),
      });
      const { exited } = child;
      const ended = exited.then((code) => {
        throw new Error(`${name} ended with ${code}: ${readFileSync(logFile, "utf8")}`);
      });
      await Promise.race([
        ended,
        until(async () => (await status(`${origin}/readyz`)) === 200, startWithinMilliseconds),
      ]);
      ended.catch(() => {});
    },
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
    signal: (what) => void child?.kill(what),
    log: () => readFileSync(logFile, "utf8"),
  };
}

/**
 * A node that is not ready is asked nothing, and what changes nothing is asked of another node when one breaks. Where none is
 * ready, as without the store, whoever lives is asked: it goes on with what needs no blob, and says itself what is away.
 */
function startBalancer(folder: string, front: number, ports: readonly number[]): Bun.Subprocess {
  const file = join(folder, "haproxy.cfg");
  const check = "check inter 200ms fall 1 rise 1";
  const servers = ports.map((port, index) => `  server node${index + 1} 127.0.0.1:${port} ${check}`).join("\n");
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout check 3s
  balance roundrobin
  retries 5
  option redispatch 1
  http-error status 503 content-type text/plain string "no node is ready\\n" hdr Retry-After 1
frontend registry
  bind 127.0.0.1:${front}
  use_backend ready if { nbsrv(ready) gt 0 }
  default_backend living
backend ready
  option httpchk GET /readyz
  retry-on conn-failure empty-response response-timeout 503
  http-request disable-l7-retry unless METH_GET
${servers}
backend living
  option httpchk GET /healthz
${servers}
`,
  );
  const program = haproxyProgram() ?? "haproxy";
  return Bun.spawn(["setpriv", "--pdeathsig=SIGKILL", program, "-db", "-q", "-f", file], {
    stdout: "ignore",
    stderr: Bun.file(join(folder, "haproxy.log")),
  });
}
