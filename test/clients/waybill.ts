/** Our own programs in a test: the command and the credential helper in PATH, the server as a process with data of its own. */
import { chmod, mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Sandbox } from "./sandbox.ts";

export interface Server extends AsyncDisposable {
  /** `http://HOST:PORT`, as the server itself announces it. */
  readonly origin: string;
  /** The part of an image's name before the first slash. */
  readonly host: string;
  /** Runs a waybill command as the owner of the installation and gives its standard output. */
  administer(...command: string[]): Promise<string>;
  path(name: string): string;
}

export interface ServerOptions {
  readonly prefix?: readonly string[];
  readonly env?: Record<string, string>;
  /** More arguments of `waybill serve`. */
  readonly serve?: readonly string[];
  readonly listen?: string;
  /** How commands reach the server, where that is not what it announces. */
  readonly reachedAs?: string;
}

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Starts `waybill serve` on an empty data folder and returns once it answers. */
export async function startServer(options: ServerOptions = {}) {
  const { prefix = [], env = {}, serve = [], listen = "127.0.0.1:0" } = options;
  const sandbox = await Sandbox.create({ prefix, env });
  try {
    await installWaybill(sandbox);
    const [data, adminKey] = [sandbox.path("data"), sandbox.path("admin.json")];
    const command = ["waybill", "serve", "--data", data, "--listen", listen, "--admin-key", adminKey, ...serve];
    const { ready } = await sandbox.start("server", command, /^ready: (https?:\/\/(\S+))$/m);
    const [, origin = "", host = ""] = ready;
    sandbox.env.WAYBILL_SERVER = options.reachedAs ?? origin;
    sandbox.env.WAYBILL_KEY_FILE = adminKey;
    const administer = (...words: string[]) => sandbox.succeed(["waybill", ...words]);
    const dispose = () => sandbox[Symbol.asyncDispose]();
    const path = (name: string) => sandbox.path(name);
    return { origin, host, administer, path, [Symbol.asyncDispose]: dispose } satisfies Server;
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}

/** Puts `waybill`, run from source, and `docker-credential-waybill`, compiled as it is shipped, into a sandbox's PATH. */
export async function installWaybill(sandbox: Sandbox): Promise<void> {
  const waybill = sandbox.path("bin/waybill");
  await Bun.write(waybill, `#!/bin/sh\nexec '${process.execPath}' '${join(REPOSITORY, "src/main.ts")}' "$@"\n`);
  await chmod(waybill, 0o755);
  const folder = await executables();
  await symlink(join(folder, "docker-credential-waybill"), sandbox.path("bin/docker-credential-waybill"));
}

let built: Promise<string> | undefined;

/** The folder with the compiled programs; built once, gone with this process. */
export function executables(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "wbc-dist-"));
  removeAtEnd(folder);
  const child = Bun.spawn([process.execPath, join(REPOSITORY, "scripts/build.ts"), folder], { stderr: "pipe" });
  const [errors, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`scripts/build.ts: exit ${exitCode}\n${errors}`);
  return folder;
}

/** The test runner calls no exit handlers and may be killed: a shell waits for the end of our pipe, and it survives Ctrl-C. */
function removeAtEnd(folder: string): void {
  const script = "trap '' INT TERM; cat; rm -rf \"$1\"";
  Bun.spawn(["sh", "-c", script, "sh", folder], { stdin: "pipe", stdout: "ignore", stderr: "ignore" }).unref();
}
