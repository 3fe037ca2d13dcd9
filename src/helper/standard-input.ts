import { readSync } from "node:fs";

/** A host is read at once, and so are most credentials. */
const chunkBytes = 4096;

/**
 * Standard input, read in the foreground: whoever calls a helper writes and closes, and until then there is nothing else
 * to do. A stream would take half a millisecond and two megabytes before the first byte.
 */
export async function* standardInput(): AsyncGenerator<Uint8Array> {
  for (let chunk = readChunk(); chunk.length > 0; chunk = readChunk()) yield chunk;
}

function readChunk(): Uint8Array {
  const buffer = new Uint8Array(chunkBytes);
  for (;;) {
    try {
      return buffer.subarray(0, readSync(0, buffer));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return buffer.subarray(0, 0); // So a closed pipe ends on Windows.
      if (code !== "EAGAIN") throw error;
      Bun.sleepSync(1); // Somebody made the pipe non-blocking.
    }
  }
}
