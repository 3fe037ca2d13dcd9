// The credential helper loads this file for an answer from its cache. `node:fs`, `node:path` and `node:os` would add a fifth
// to its time: whatever is needed of them is loaded where it is needed, here and in the files that this path goes through.

/** The process's environment variables. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What the client half needs of the process it runs in. Tests give their own. */
export type Context = {
  env: Env;
  /** Milliseconds since 1970. */
  now: () => number;
  fetch: (request: Request) => Promise<Response>;
  stdin: () => AsyncIterable<Uint8Array>;
  /** The whole of standard input, which whoever called us writes and closes; undefined when it has more than `bytesMax` bytes. */
  readInput: (bytesMax: number) => Promise<string | undefined>;
  /** Data goes here. */
  stdout: (text: string) => void;
  /** Talk goes here. */
  stderr: (text: string) => void;
  /** Is somebody sitting at standard input and standard error, who can be asked? */
  isInteractive: () => boolean;
};

/** The context of this very process. */
export function processContext(): Context {
  return {
    env: process.env,
    now: Date.now,
    fetch: async (request) => (await import("./network.ts")).networkFetch(request, process.env),
    stdin: () => Bun.stdin.stream(),
    readInput: readStandardInput,
    stdout: (text) => writeWhole(1, text),
    stderr: (text) => writeWhole(2, text),
    isInteractive: () => isTerminal(0) && isTerminal(2),
  };
}

/** What one unit of a string has at most. */
const utf8BytesMax = 3;

/** Three times as fast as the stream, and never reads more than it must. */
async function readStandardInput(bytesMax: number): Promise<string | undefined> {
  const text = await Bun.stdin.slice(0, bytesMax + 1).text();
  const isShort = text.length * utf8BytesMax <= bytesMax; // Then its bytes need not be counted.
  return isShort || Buffer.byteLength(text) <= bytesMax ? text : undefined;
}

/** Writes at once, so that nothing is lost when the process ends; `process.stdout` would add 9 ms to the start. */
function writeWhole(descriptor: number, text: string): void {
  const { writeSync } = require("node:fs") as typeof import("node:fs");
  let rest: Uint8Array = new TextEncoder().encode(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EPIPE") return; // The reader has seen enough (`| head`).
      if (code !== "EAGAIN") throw error;
      Bun.sleepSync(1); // A non-blocking pipe is full.
    }
  }
}

function isTerminal(descriptor: number): boolean {
  return (descriptor === 0 ? process.stdin : process.stderr).isTTY === true;
}

/** Reads no more than `bytesMax` bytes; undefined when there are more. */
export async function readBounded(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
