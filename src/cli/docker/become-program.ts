import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { Env } from "../../sources/context.ts";
import { Failure, messageOf } from "../../sources/failure.ts";

/**
 * Runs a program in this process's place: its streams, its signals, its exit code. Where the system can, this process
 * becomes the program and never comes back here.
 */
export async function becomeProgram(path: string, argv: readonly string[], env: Env): Promise<number> {
  const environment = Object.fromEntries(Object.entries(env).filter((entry) => entry[1] !== undefined));
  try {
    if (process.platform !== "win32") process.execve?.(path, argv, environment);
    return await runAsChild(path, argv.slice(1), environment);
  } catch (error) {
    throw new Failure(`${path} cannot be run: ${messageOf(error)}`);
  }
}

function runAsChild(path: string, argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, argv, { env, stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
