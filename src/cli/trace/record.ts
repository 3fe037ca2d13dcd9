import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { RegistryProbe } from "../../client/probe/registry-probe.ts";
import { findProgram } from "../../docker-config/credential-helper.ts";
import type { Context, Env } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import { isLoopback } from "../../sources/registry-host.ts";
import { mask } from "../mask.ts";
import { ThrowAwayAuthority } from "./authority.ts";
import { ClientFolder } from "./credential-shim.ts";
import { type Trace, traceFormat } from "./exchange.ts";
import { type Listener, openProxy, standFor } from "./proxies.ts";
import { Recorder } from "./recorder.ts";
import { readsPodmanFiles, registriesIn, renamed, type Way } from "./way.ts";

/** What became of the command, and what was said meanwhile. */
export type Recording = { exitCode: number; trace: Trace };

export type RecordOptions = {
  way: Way;
  /** Keeps standard output for the recording. */
  toStderr: boolean;
  /** Are the parts of images that the command sends in the recording too? */
  keepsBodies: boolean;
};

type Staged = { command: string[]; env: Env; listeners: Listener[] };

/** Runs a command and records what it says to its registries. */
export async function record(
  command: readonly string[],
  { way, toStderr, keepsBodies }: RecordOptions,
  context: Context,
): Promise<Recording> {
  const path = findProgram(command[0] ?? "", context.env);
  if (path === undefined) throw new Failure(`${command[0]} is not on PATH`, "name a program that is");
  const recorder = new Recorder(context.fetch, keepsBodies);
  using folder = new ClientFolder();
  const staged = await (way === "name" ? byName : byProxy)(command, recorder, folder, context);
  try {
    const exitCode = await run(path, staged, toStderr);
    const trace: Trace = { format: traceFormat, command: command.map(mask), exchanges: [...recorder.exchanges] };
    return { exitCode, trace };
  } finally {
    for (const { stop } of staged.listeners) await stop();
  }
}

async function byName(
  command: readonly string[],
  recorder: Recorder,
  folder: ClientFolder,
  context: Context,
): Promise<Staged> {
  const registries = registriesIn(command);
  if (registries.length === 0)
    throw new Failure(
      "no argument of the command names a registry, so there is no conversation to step into",
      "an image needs its whole name: waybill trace -- docker pull gcr.io/my-project/my-image",
    );
  const listeners = new Map<string, Listener>();
  for (const registry of registries) listeners.set(registry, standFor(await originOf(registry, context), recorder));
  const names = new Map([...listeners].map(([registry, { host }]) => [registry, host]));
  const standIns = [...names].map(([registry, listener]) => ({ registry, listener }));
  const env = { ...context.env, ...folder.lead(standIns, context.env, readsPodmanFiles(command)) };
  for (const [registry, listener] of names) context.stderr(`waybill: ${registry} is ${listener} for this command\n`);
  return { command: renamed(command, names), env, listeners: [...listeners.values()] };
}

/** https, and on this machine plain HTTP where the port speaks no TLS. */
async function originOf(registry: string, { fetch }: Context): Promise<string> {
  if (!isLoopback(new URL(`http://${registry}`).hostname)) return `https://${registry}`;
  const isTls = await new RegistryProbe(`https://${registry}`, fetch).ping().then(
    () => true,
    (error) => !/^(?:EPROTO|ECONN|ConnectionRefused)/.test(String(error?.code)),
  );
  return `${isTls ? "https" : "http"}://${registry}`;
}

async function byProxy(
  command: readonly string[],
  recorder: Recorder,
  folder: ClientFolder,
  { env, now }: Context,
): Promise<Staged> {
  const authority = new ThrowAwayAuthority(now());
  const proxy = await openProxy(recorder, authority);
  const own = folder.write("authority.pem", authority.certificate);
  const others = env.SSL_CERT_FILE ? readIfThere(env.SSL_CERT_FILE) : "";
  const all = folder.write("authorities.pem", `${authority.certificate}${others}`);
  const url = `http://${proxy.host}`;
  const proxies = Object.fromEntries(
    ["HTTP_PROXY", "HTTPS_PROXY"].flatMap((name) => [
      [name, url],
      [name.toLowerCase(), url],
    ]),
  );
  const trust = { SSL_CERT_FILE: all, REQUESTS_CA_BUNDLE: all, CURL_CA_BUNDLE: all, NODE_EXTRA_CA_CERTS: own };
  const withProxy = { ...env, ...proxies, ...trust, NO_PROXY: "", no_proxy: "" };
  return { command: [...command], env: withProxy, listeners: [proxy] };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Runs the command in the foreground; a signal to us is one to it. */
function run(path: string, { command, env }: Staged, toStderr: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const stdio = ["inherit", toStderr ? 2 : "inherit", "inherit"] as const;
    const child = spawn(path, command.slice(1), { env: { ...env } as NodeJS.ProcessEnv, stdio: [...stdio] });
    const forward = (signal: NodeJS.Signals) => child.kill(signal);
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.on(signal, forward);
    child.on("error", (error) => reject(new Failure(`${path} cannot be run: ${error.message}`)));
    child.on("close", (code, signal) => {
      for (const each of signals) process.off(each, forward);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
