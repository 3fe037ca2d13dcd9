import { closeSync, fdatasync } from "node:fs";
import { promisify } from "node:util";

const fdatasyncOf = promisify(fdatasync);

/**
 * Syncs one file to disk for many waiters at once, outside the event loop. Whoever asks while a sync runs shares
 * the next one, since the running one may have begun before their bytes were written.
 */
export class GroupSync {
  readonly #descriptor: number;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Resolves when everything written before this call is on disk. Rejects with the system's error. */
  sync(): Promise<void> {
    if (!this.#running) return this.#start();
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#start();
      });
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#next?.catch(() => {});
    await this.#running?.catch(() => {});
    closeSync(this.#descriptor);
  }

  #start(): Promise<void> {
    const run = fdatasyncOf(this.#descriptor).finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }
}
