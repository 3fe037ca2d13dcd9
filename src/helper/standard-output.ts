import { Failure, messageOf } from "../sources/failure.ts";

/**
 * Standard output for a program that says one line: written at once where there is room, as there is in a pipe that was
 * just opened. Without `node:fs`, whose loading takes longer than all else that a cached answer needs.
 */
export function standardOutput() {
  let last: Promise<unknown> = Promise.resolve();
  return {
    write: (text: string): void => {
      if (text === "") return;
      last = last.then(() => Bun.write(Bun.stdout, text));
      last.catch(() => {}); // `written` tells.
    },
    /** Resolves when everything is written or nobody reads any more; rejects when it could not be. */
    written: async (): Promise<void> => {
      await last.catch((error) => {
        if (error.code !== "EPIPE") throw new Failure(`the answer cannot be written: ${messageOf(error)}`);
      });
    },
  };
}
