/**
 * A folder of its own for one test: home, configuration and storage of every client, the programs it starts, and the end of it all.
 *
 *   HOME/                       and XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME below it
 *   HOME/.docker/config.json    docker's configuration; podman, skopeo and buildah fall back to it
 *   run/                        XDG_RUNTIME_DIR: podman's own auth.json comes to lie here
 *   gcloud/  waybill/           their stores
 *   containers/                 storage and configuration of podman, buildah, skopeo
 *   bin/                        first in PATH
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeContainersConfiguration } from "./containers-configuration.ts";

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Record<string, string>;
}

export interface Started {
  /** What the pattern of readiness matched. */
  readonly ready: RegExpMatchArray;
  readonly pid: number;
  stop(): Promise<void>;
}

const COMMAND_LIMIT_MILLISECONDS = 90_000;
const START_LIMIT_MILLISECONDS = 30_000;
const STOP_LIMIT_MILLISECONDS = 20_000;

export class Sandbox implements AsyncDisposable {
  readonly folder: string;
  readonly env: Record<string, string>;
  /** Put before every command: how to enter a namespace. */
  readonly #prefix: readonly string[];
  readonly #started: Started[] = [];

  private constructor(folder: string, prefix: readonly string[]) {
    this.folder = folder;
    this.#prefix = prefix;
    this.env = sandboxEnvironment(folder);
  }

  static async create({ prefix = [] as readonly string[], env = {} as Record<string, string> } = {}): Promise<Sandbox> {
    // Short on purpose: dockerd puts unix sockets deep below, and their paths end at 107 characters.
    const folder = await mkdtemp(join(tmpdir(), "wbc-"));
    const sandbox = new Sandbox(folder, prefix);
    Object.assign(sandbox.env, env);
    for (const name of ["home/.docker", "run", "tmp", "bin", "gcloud"]) {
      await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
    }
    // An entry that nobody asks for: without any, docker looks for the desktop's password store.
    await Bun.write(join(folder, "home/.docker/config.json"), '{"auths":{"unused.test":{}}}\n');
    await writeContainersConfiguration(join(folder, "containers"), join(folder, "home"));
    return sandbox;
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Runs a command to its end, whatever it answers. */
  async run(command: readonly string[], { input = "", env = {} }: RunOptions = {}): Promise<Outcome> {
    const child = Bun.spawn([...this.#prefix, ...command], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdin: Buffer.from(input),
      stdout: "pipe",
      stderr: "pipe",
      timeout: COMMAND_LIMIT_MILLISECONDS,
      killSignal: "SIGKILL",
    });
    const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { exitCode, stdout, stderr };
  }

  /** Runs a command that must succeed and gives its standard output without the last newline. */
  async succeed(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const outcome = await this.run(command, options);
    if (outcome.exitCode !== 0) throw new CommandFailed(command, outcome);
    return outcome.stdout.trimEnd();
  }

  /** Runs a command that must fail and gives all it said. */
  async fail(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(command, options);
    if (exitCode === 0) throw new Error(`${command.join(" ")}: succeeded, and should not have\n${stdout}${stderr}`);
    return `${stdout}${stderr}`;
  }

  /** Starts a program that stays, and returns when its output matches. It is stopped with the sandbox at the latest. */
  async start(name: string, command: readonly string[], ready: RegExp): Promise<Started> {
    const log = this.path(`${name}.log`);
    const child = Bun.spawn([...this.#prefix, ...diesWithUs(), ...command], {
      cwd: this.folder,
      env: this.env,
      stdin: "ignore",
      stdout: Bun.file(log),
      stderr: Bun.file(`${log}.err`),
    });
    const match = await outputMatches(child, [log, `${log}.err`], ready);
    if (!match) {
      child.kill("SIGKILL");
      throw new Error(`${name} did not become ready: ${output([log, `${log}.err`])}`);
    }
    const started = { ready: match, pid: child.pid, stop: () => stop(child) };
    this.#started.push(started);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#started.reverse()) await started.stop();
    unmountBelow(this.folder);
    await rm(this.folder, { recursive: true, force: true });
  }
}

export class CommandFailed extends Error {
  constructor(command: readonly string[], { exitCode, stdout, stderr }: Outcome) {
    super(`${command.join(" ")}: exit ${exitCode}\n${stderr.trim()}\n${stdout.trim()}`.trim());
  }
}

/** Nothing is inherited but the way to programs: a certificate bundle or a proxy of the machine must not decide a test. */
function sandboxEnvironment(folder: string): Record<string, string> {
  const home = join(folder, "home");
  return {
    PATH: `${join(folder, "bin")}:${process.env.PATH ?? ""}`,
    HOME: home,
    USER: process.env.USER ?? "root",
    LANG: "C.UTF-8",
    TMPDIR: join(folder, "tmp"),
    DOCKER_CONFIG: join(home, ".docker"),
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local/share"),
    XDG_CACHE_HOME: join(home, ".cache"),
    XDG_RUNTIME_DIR: join(folder, "run"),
    CONTAINERS_CONF: join(folder, "containers/containers.conf"),
    CONTAINERS_STORAGE_CONF: join(folder, "containers/storage.conf"),
    CONTAINERS_REGISTRIES_CONF: join(folder, "containers/registries.conf"),
    CLOUDSDK_CONFIG: join(folder, "gcloud"),
    CLOUDSDK_CORE_CHECK_GCE_METADATA: "false",
    CLOUDSDK_CORE_DISABLE_PROMPTS: "true",
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "true",
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: "true",
  };
}

/** Lets a child end with this process, even when this process is killed. */
function diesWithUs(): string[] {
  return Bun.which("setpriv") ? ["setpriv", "--pdeathsig=SIGTERM"] : [];
}

async function outputMatches(child: Bun.Subprocess, logs: string[], pattern: RegExp) {
  const deadline = Date.now() + START_LIMIT_MILLISECONDS;
  while (Date.now() < deadline) {
    const match = output(logs).match(pattern);
    if (match) return match;
    if (child.exitCode !== null) return undefined;
    await Bun.sleep(20);
  }
  return undefined;
}

function output(logs: string[]): string {
  return logs.map((log) => (existsSync(log) ? readFileSync(log, "utf8") : "")).join("");
}

async function stop(child: Bun.Subprocess): Promise<void> {
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MILLISECONDS);
  await child.exited;
  clearTimeout(killer);
}

/** podman and dockerd mount their storage; a folder with mounts in it cannot be removed. */
function unmountBelow(folder: string): void {
  if (!existsSync("/proc/self/mountinfo")) return;
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
  // The deepest first; lazily, since a daemon that was killed may still hold one.
  for (const point of points.sort().reverse()) Bun.spawnSync(["umount", "--lazy", point]);
}
