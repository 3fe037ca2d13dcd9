/** Our own programs in a test: the command and the credential helper in PATH, the server as a process with data of its own. */
import { chmod } from "node:fs/promises";
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
}

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Starts `waybill serve` on an empty data folder and returns once it answers. */
export async function startServer({ prefix = [], env = {}, serve = [], listen = "127.0.0.1:0" }: ServerOptions = {}) {
  const sandbox = await Sandbox.create({ prefix, env });
  try {
    await installWaybill(sandbox);
    const [data, adminKey] = [sandbox.path("data"), sandbox.path("admin.json")];
    const command = ["waybill", "serve", "--data", data, "--listen", listen, "--admin-key", adminKey, ...serve];
    const { ready } = await sandbox.start("server", command, /^ready: (https?:\/\/(\S+))$/m);
    const [, origin = "", host = ""] = ready;
    sandbox.env.WAYBILL_SERVER = origin;
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

/** Puts `waybill` and `docker-credential-waybill`, run from source, into a sandbox's PATH. */
export async function installWaybill(sandbox: Sandbox): Promise<void> {
  const program = `exec '${process.execPath}' '${MAIN}'`;
  await writeProgram(sandbox, "waybill", `${program} "$@"`);
  await writeProgram(sandbox, "docker-credential-waybill", `${program} docker-credential-waybill "$@"`);
}

async function writeProgram(sandbox: Sandbox, name: string, script: string): Promise<void> {
  const path = sandbox.path("bin", name);
  await Bun.write(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}
