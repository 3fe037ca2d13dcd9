import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { Failure, messageOf } from "../sources/failure.ts";

/**
 * A file for a private key, made before there is a key: readable by its owner only from its first moment, and never in
 * the place of another. Nothing stays of it unless it was written whole.
 */
export class NewKeyFile implements Disposable {
  readonly #path: string;
  readonly #file: number;
  #complete = false;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, "wx", 0o600);
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
      throw isThere
        ? new Failure(`${path} is there already, and a key is written over nothing`, "name another file")
        : new Failure(`${path} cannot be written: ${messageOf(error)}`);
    }
  }

  /** The key is given out once, so it is on disk when this returns. */
  write(content: Uint8Array): void {
    let rest = content;
    while (rest.length > 0) rest = rest.subarray(writeSync(this.#file, rest));
    fsyncSync(this.#file);
    this.#complete = true;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
    if (!this.#complete) rmSync(this.#path, { force: true });
  }
}
