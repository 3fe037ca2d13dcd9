/**
 * A machine within the machine: processes with their own /etc/hosts and their own loopback, where gcr.io is us and the real one is out
 * of reach. Nothing of the real machine is changed, so nothing has to be put back, even when everything is killed.
 */
import { Sandbox } from "./sandbox.ts";

export interface Namespace extends AsyncDisposable {
  /** Put before a command to run it inside. */
  readonly prefix: readonly string[];
}

/** Needs root, and a kernel that lets root have it. `names` resolve to `address` inside. */
export async function createNamespace(address: string, names: readonly string[]): Promise<Namespace> {
  const sandbox = await Sandbox.create();
  try {
    await Bun.write(sandbox.path("hosts"), `127.0.0.1 localhost\n${address} ${names.join(" ")}\n`);
    const mount = `mount --bind '${sandbox.path("hosts")}' /etc/hosts`;
    const script = `${loopbackUp()} && ${mount} && echo ready && exec sleep infinity`;
    const { pid } = await sandbox.start("namespace", ["unshare", "--mount", "--net", "sh", "-c", script], /ready/);
    const prefix = ["nsenter", `--target=${pid}`, "--mount", "--net"];
    return { prefix, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() };
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * A new network has a loopback that is down. Minimal Debian has no `ip`; busybox brings one. The second address is from the range for
 * documentation: resolvers leave out IPv4 (AI_ADDRCONFIG) on a machine that has none but 127.0.0.1.
 */
function loopbackUp(): string {
  const ip = Bun.which("ip") ? "ip" : "busybox ip";
  return `${ip} link set lo up && ${ip} address add 192.0.2.1/32 dev lo`;
}
