/** The real program with an environment, descriptors and settings of the test's own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readyOrigin } from "../ready-origin.ts";

const main = join(import.meta.dir, "../../src/main.ts");

export interface RunningProgram extends AsyncDisposable {
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly origin: string;
  readonly folder: string;
  /** The owner's key. */
  readonly key: string;
  /** What the log said until now; grows. */
  readonly log: () => readonly Record<string, unknown>[];
  /** Resolves when the log has a line with this message. */
  logged(message: string, times?: number): Promise<Record<string, unknown>>;
  /** Asks it to end; its exit code. */
  stop(): Promise<number>;
}

/** A folder that is gone after the test. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "waybill-system-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Starts a server; resolves when it says that it is ready.
 * @param prefix a program that starts it
 * @param descriptors what it inherits, from 3 on
 */
export async function startProgram(
  argv: readonly string[],
  env: Record<string, string> = {},
  prefix: readonly string[] = [],
  descriptors: readonly number[] = [],
): Promise<RunningProgram> {
  const folder = temporaryFolder();
  const key = join(folder.path, "owner.json");
  const own = ["--data", join(folder.path, "data"), "--admin-key", key];
  const child = Bun.spawn([...prefix, process.execPath, main, "serve", ...own, ...argv], {
    stdio: ["ignore", "pipe", "pipe", ...descriptors],
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  let text = "";
  const read = (async () => {
    for await (const bytes of child.stderr) text += Buffer.from(bytes).toString();
  })();
  const lines = () =>
    text
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line));
  const origin = await readyOrigin(child.stdout);
  if (origin === undefined) {
    await read;
    throw new Error(`the server did not start: ${text}`);
  }
  const stop = async () => {
    child.kill("SIGTERM");
    return await child.exited;
  };
  return {
    child,
    origin,
    folder: folder.path,
    key,
    log: lines,
    async logged(message, times = 1) {
      return await until(() => lines().filter(({ msg }) => msg === message)[times - 1]);
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      folder[Symbol.dispose]();
    },
  };
}

/** Asks again until there is an answer. The test's own limit is the only one. */
export async function until<Answer>(ask: () => Answer | undefined | Promise<Answer | undefined>): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await Bun.sleep(20);
  }
}
