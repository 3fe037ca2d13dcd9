/** A Docker engine for tests: no network, no firewall rules, everything it owns in a folder that goes with it. */
import { readFileSync } from "node:fs";
import { Sandbox } from "./sandbox.ts";

export interface Dockerd extends AsyncDisposable {
  /** The value for DOCKER_HOST. */
  readonly host: string;
}

/** `prefix` enters the namespaces the engine shall live in; `env` is where a private certificate authority goes. */
export async function startDockerd(options: { prefix?: readonly string[]; env?: Record<string, string> } = {}) {
  const sandbox = await Sandbox.create(options);
  try {
    await Bun.write(sandbox.path("daemon.json"), "{}");
    const host = `unix://${sandbox.path("docker.sock")}`;
    // vfs as for podman: no mounts to undo.
    const options = ["--config-file", sandbox.path("daemon.json"), "--storage-driver", "vfs", "--host", host];
    const folders = ["--data-root", sandbox.path("data"), "--exec-root", sandbox.path("exec")];
    const network = ["--bridge=none", "--iptables=false", "--ip6tables=false"];
    const command = ["dockerd", ...options, ...folders, ...network, "--pidfile", sandbox.path("docker.pid")];
    await sandbox.start("dockerd", command, /API listen on/);
    return { host, [Symbol.asyncDispose]: () => end(sandbox) } satisfies Dockerd;
  } catch (error) {
    await end(sandbox);
    throw error;
  }
}

/** dockerd ends its containerd, unless it was killed before it could. */
async function end(sandbox: Sandbox): Promise<void> {
  const containerd = readPid(sandbox.path("exec/containerd/containerd.pid"));
  await sandbox[Symbol.asyncDispose]();
  if (containerd !== undefined && isContainerd(containerd, sandbox.folder)) process.kill(containerd, "SIGKILL");
}

function readPid(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

/** A process id may belong to somebody else by now. */
function isContainerd(pid: number, folder: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
  } catch {
    return false;
  }
}
