/** The registries side by side, each as a process of its own over an empty folder, on the cores it is told. */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../test/clients/sandbox.ts";
import { executables } from "../../test/clients/waybill.ts";

export interface Target {
  readonly name: string;
  readonly origin: string;
  readonly pid: number;
  /** The Authorization header of a client that may read `repository`; empty where the server asks for none. */
  readonly readAuthorization: string;
  /** The one of a client that may push anywhere below `bench/`. */
  readonly pushAuthorization: string;
}

/** Holds what is read: manifests and blobs of `bench/app`. */
export const repository = "bench/app";

/** A list of cores as `taskset` takes it; empty for all. */
export type Cores = string;

export function pinned(cores: Cores, command: readonly string[]): string[] {
  return [...(cores === "" ? [] : ["taskset", "-c", cores]), ...command];
}

/** Our server as it is shipped, with authentication on. */
export async function startWaybill(sandbox: Sandbox, cores: Cores): Promise<Target> {
  const program = join(await executables(), "waybill");
  const key = sandbox.path("owner.json");
  const rates = ["--principal-rate=1000000", "--anonymous-rate=1000000"];
  const command = [program, "serve", "--listen=127.0.0.1:0", `--data=${sandbox.path("data")}`, `--admin-key=${key}`];
  const { ready, pid } = await sandbox.start("waybill", pinned(cores, [...command, ...rates]), /^ready: (\S+)$/m);
  const origin = ready[1] ?? "";
  Object.assign(sandbox.env, { WAYBILL_SERVER: origin, WAYBILL_KEY_FILE: key });
  await sandbox.run([program, "projects", "create", "bench"]);
  const token = await sandbox.succeed([program, "auth", "print-access-token", "--scopes=cloud-platform"]);
  const basic = Buffer.from(`oauth2accesstoken:${token}`).toString("base64");
  const url = `${origin}/v2/token?service=${new URL(origin).host}&scope=repository:${repository}:pull,push`;
  const answer = await fetch(url, { headers: { authorization: `Basic ${basic}` } });
  const { token: registryToken } = (await answer.json()) as { token: string };
  return {
    name: "waybill",
    origin,
    pid,
    readAuthorization: `Bearer ${registryToken}`,
    pushAuthorization: `Bearer ${token}`,
  };
}

/** Debian's docker-registry, or the newer distribution: the same settings. Without authentication: its best case. */
export async function startDistribution(sandbox: Sandbox, cores: Cores, name: string, command: readonly string[]) {
  const port = freePort();
  const config = sandbox.path("config.yml");
  const root = sandbox.path("registry");
  await Bun.write(
    config,
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${root} }, cache: { blobdescriptor: inmemory }, delete: { enabled: true } }
http: { addr: "127.0.0.1:${port}" }
`,
  );
  // Version 3 sends traces to whoever listens, unless it is told not to.
  sandbox.env.OTEL_TRACES_EXPORTER = "none";
  const child = await sandbox.start(name, pinned(cores, [...command, "serve", config]), /^/);
  return await answering({ name, origin: `http://127.0.0.1:${port}`, pid: child.pid }, "/v2/");
}

/** zot as its own benchmarks run it. */
export async function startZot(sandbox: Sandbox, cores: Cores, program: string): Promise<Target> {
  const port = freePort();
  const config = sandbox.path("zot.json");
  const http = { address: "127.0.0.1", port: String(port) };
  const settings = {
    distSpecVersion: "1.1.1",
    storage: { rootDirectory: sandbox.path("zot") },
    http,
    log: { level: "error" },
  };
  await Bun.write(config, JSON.stringify(settings));
  const child = await sandbox.start("zot", pinned(cores, [program, "serve", config]), /^/);
  return await answering({ name: "zot", origin: `http://127.0.0.1:${port}`, pid: child.pid }, "/v2/");
}

/** nginx sending the same files from the same place: what a server does that knows nothing of registries. */
export async function startNginx(sandbox: Sandbox, cores: Cores, program: string) {
  const port = freePort();
  const config = sandbox.path("nginx.conf");
  // Its workers are another user.
  chmodSync(sandbox.folder, 0o755);
  mkdirSync(sandbox.path("files/v2"), { recursive: true });
  await Bun.write(
    config,
    `daemon off; worker_processes ${cores === "" ? "auto" : 1}; pid ${sandbox.path("nginx.pid")}; error_log stderr error;
events {}
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path ${sandbox.path("body")}; proxy_temp_path ${sandbox.path("proxy")};
  fastcgi_temp_path ${sandbox.path("fastcgi")}; uwsgi_temp_path ${sandbox.path("uwsgi")}; scgi_temp_path ${sandbox.path("scgi")};
  server { listen 127.0.0.1:${port}; root ${sandbox.path("files")}; }
}
`,
  );
  const command = pinned(cores, [program, "-c", config, "-p", sandbox.folder]);
  const child = await sandbox.start("nginx", command, /^/);
  return await answering({ name: "nginx (limit)", origin: `http://127.0.0.1:${port}`, pid: child.pid }, "/");
}

/** The server, once it says anything at all to a request. */
export async function answering(server: Pick<Target, "name" | "origin" | "pid">, path: string): Promise<Target> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(`${server.origin}${path}`).catch(() => undefined);
    if (answer) return { ...server, readAuthorization: "", pushAuthorization: "" };
    await Bun.sleep(50);
  }
  throw new Error(`${server.name} does not answer`);
}

export function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port = 0 } = server;
  server.stop(true);
  return port;
}
