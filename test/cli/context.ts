import type { Context } from "../../src/sources/context.ts";

type Given = { env?: Record<string, string>; stdin?: string; interactive?: boolean; fetch?: Context["fetch"] };

/** A context for a command called in process: what it says is kept, the clock stands still, the network is what a test gives. */
export function context({ env = {}, stdin = "", interactive = false, fetch }: Given = {}) {
  const said = { stdout: "", stderr: "" };
  const it: Context = {
    env,
    now: () => Date.UTC(2026, 10, 23),
    fetch: fetch ?? (() => Promise.reject(new Error("there is no network"))),
    stdin: async function* () {
      yield Buffer.from(stdin);
    },
    readInput: async (bytesMax) => (Buffer.byteLength(stdin) > bytesMax ? undefined : stdin),
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
    isInteractive: () => interactive,
  };
  return { it, said };
}
