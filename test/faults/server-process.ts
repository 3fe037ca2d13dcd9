/** A registry as a process of its own, which can be killed, and what speaks to it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";
import { readyOrigin } from "../ready-origin.ts";

const main = join(import.meta.dir, "../../src/main.ts");

export interface ServerProcess {
  readonly child: Bun.Subprocess;
  readonly origin: string;
  /** Ends it as a power switch would end the process, and waits until it is gone. */
  kill(): Promise<void>;
  /** Ends it as an operator does; answers its exit code and what it had said on standard error. */
  stop(): Promise<{ code: number; stderr: string }>;
}

/** Starts a server over a data folder; the owner's key goes beside it. Resolves when it is ready. */
export async function startServerProcess(data: string, prefix: readonly string[] = [], more: readonly string[] = []) {
  const options = [
    "--data",
    data,
    "--listen",
    "127.0.0.1:0",
    "--principal-rate=1000000",
    "--admin-key",
    keyFileOf(data),
  ];
  const command = [...prefix, process.execPath, main, "serve", ...options, ...more];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe", env: { PATH: process.env.PATH ?? "" } });
  const stderr = new Response(child.stderr).text();
  const origin = await readyOrigin(child.stdout);
  if (origin === undefined) throw new Error(`the server did not start: ${await stderr}`);
  return {
    child,
    origin,
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
    async stop() {
      child.kill("SIGTERM");
      return { code: await child.exited, stderr: await stderr };
    },
  } satisfies ServerProcess;
}

function keyFileOf(data: string): string {
  return `${data}.owner.json`;
}

/** An Authorization header of the owner, good for an hour and across restarts. */
export async function ownerAuthorization(
  { origin }: ServerProcess,
  data: string,
  claims: object = {},
): Promise<string> {
  const key = JSON.parse(readFileSync(keyFileOf(data), "utf8")) as KeyFile;
  const body = new URLSearchParams({ grant_type: jwtBearer, assertion: assertionOf(key, Date.now(), claims) });
  const answer = await fetch(`${origin}/token`, { method: "POST", body });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return `Bearer ${token}`;
}

/** Runs a command of the program; answers its exit code and what it said. */
export async function runCommand(...argv: string[]) {
  const child = Bun.spawn([process.execPath, main, ...argv], {
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env.PATH ?? "" },
  });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, stdout, stderr };
}
