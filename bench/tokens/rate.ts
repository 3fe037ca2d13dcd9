/** How many requests of one kind a server answers in a second, as wrk asks them, and what each costs it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../test/clients/sandbox.ts";
import { type Cores, pinned } from "../registry/servers.ts";

export interface Asked {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Rate {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Microseconds of the server's CPU for one request, the system's part included. */
  readonly cpu: number;
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
const ticksPerSecond = 100;

/** @param pid the server's */
export async function rateOf(
  sandbox: Sandbox,
  { url, method, headers, body }: Asked,
  { pid, connections, seconds, cores }: { pid: number; connections: number; seconds: number; cores: Cores },
): Promise<Rate> {
  const script = join(sandbox.folder, "request.lua");
  const quoted = (text: string) => `[==[${text}]==]`;
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers[ ${quoted(name)} ] = ${quoted(value)}`);
  await Bun.write(script, `wrk.method = "${method}"\nwrk.body = ${quoted(body)}\n${lines.join("\n")}\n`);
  const flags = [`-t${cores === "" ? 2 : 1}`, `-c${connections}`, `-d${seconds}s`, "--latency", "--timeout=20s"];
  const before = cpuSeconds(pid);
  const child = Bun.spawn(pinned(cores, ["wrk", ...flags, "-s", script, url]), { stderr: "pipe" });
  const [text, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
  const used = cpuSeconds(pid) - before;
  const refused = /Non-2xx or 3xx responses: \d+|Socket errors: .*(?:connect|read|write) [1-9]\d*/.exec(text)?.[0];
  if (exitCode !== 0 || refused) throw new Error(`${method} ${url}: ${refused ?? text}`);
  const [, p99 = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s|m)\b/.exec(text) ?? [];
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p99: Number(p99) * (units[unit] ?? Number.NaN),
    cpu: (used / requests) * 1_000_000,
  };
}

/** proc(5): fields 14 and 15 of `stat`, after the name in brackets. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
