import { spawn } from "node:child_process";
import type { Env } from "./context.ts";
import { Failure, messageOf } from "./failure.ts";

const outputBytesMax = 1024 * 1024;

/** What a program said, and its exit code; null when it was ended. */
export type ProgramOutcome = { exitCode: number | null; stdout: string; stderr: string };

/** Runs a program without input and reads what it says, until the signal ends it. Never through a shell. */
export function runProgram(
  path: string,
  argv: readonly string[],
  { env, signal }: { env: Env; signal: AbortSignal },
): Promise<ProgramOutcome> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what the program started ends with it.
    const child = spawn(path, argv, { env, stdio: ["ignore", "pipe", "pipe"], detached: process.platform !== "win32" });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        if (said[name].length < outputBytesMax) said[name] += text;
      });
    const stop = () => {
      endGroup(child.pid);
      reject(new Failure(`${path} did not answer in time`));
    };
    signal.addEventListener("abort", stop, { once: true });
    child.on("error", (error) => reject(new Failure(`${path} cannot be run: ${messageOf(error)}`)));
    child.on("close", (exitCode) => {
      signal.removeEventListener("abort", stop);
      resolve({ exitCode, ...said });
    });
  });
}

function endGroup(processId: number | undefined): void {
  if (processId === undefined) return;
  try {
    process.kill(process.platform === "win32" ? processId : -processId, "SIGKILL");
  } catch {}
}
