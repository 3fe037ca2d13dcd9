/** Reads, as wrk makes them. */
import { type Cores, pinned, type Target } from "./servers.ts";

export interface Reading {
  readonly perSecond: number;
  readonly bytesPerSecond: number;
  /** Milliseconds. */
  readonly p99: number;
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
const multiples: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 };

export async function wrk(
  target: Target,
  path: string,
  { connections, seconds, cores }: { connections: number; seconds: number; cores: Cores },
): Promise<Reading> {
  const threads = cores === "" ? 2 : 1;
  const flags = [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, "--latency", "--timeout=20s"];
  const accept = "Accept: application/vnd.oci.image.manifest.v1+json, */*";
  const headers = ["-H", accept];
  if (target.readAuthorization !== "") headers.push("-H", `Authorization: ${target.readAuthorization}`);
  const child = Bun.spawn(pinned(cores, ["wrk", ...flags, ...headers, `${target.origin}${path}`]), { stderr: "pipe" });
  const [text, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
  const refused = /Non-2xx or 3xx responses: \d+|Socket errors: .*(?:connect|read|write) [1-9]\d*/.exec(text)?.[0];
  if (exitCode !== 0 || refused) throw new Error(`${target.name} ${path}: ${refused ?? text}`);
  const [, p99 = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s|m)\b/.exec(text) ?? [];
  const [, transfer = "", multiple = ""] = /Transfer\/sec:\s+([\d.]+)(\w+)/.exec(text) ?? [];
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    bytesPerSecond: Number(transfer) * (multiples[multiple] ?? Number.NaN),
    p99: Number(p99) * (units[unit] ?? Number.NaN),
  };
}
