import { closeSync, fdatasync } from "node:fs";
import { promisify } from "node:util";

const fdatasyncOf = promisify(fdatasync);

/**
 * Syncs one file to disk for many waiters at once, outside the event loop. Whoever asks while a sync runs shares
 * the next one, since the running one may have begun before their bytes were written.
 *
 * A failed sync is final: the system forgets which bytes it could not write, and the next sync would succeed
 * without them (https://wiki.postgresql.org/wiki/Fsync_Errors). So every later one is refused until the file is
 * opened again.
 */
export class GroupSync {
  readonly #descriptor: number;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Resolves when everything written before this call is on disk; rejects when that is not known. */
  sync(): Promise<void> {
    this.#next ??= this.#running.catch(() => {}).then(() => this.#start());
    return this.#next;
  }

  /** Call it when nobody waits any more. */
  async close(): Promise<void> {
    await (this.#next ?? this.#running).catch(() => {});
    closeSync(this.#descriptor);
  }

  async #start(): Promise<void> {
    this.#next = undefined;
    this.#running = this.#failure ? Promise.reject(this.#failure) : this.#sync();
    await this.#running;
  }

  async #sync(): Promise<void> {
    try {
      await fdatasyncOf(this.#descriptor);
    } catch (cause) {
      this.#failure = new Error(
        "a write did not reach the disk; nothing more is acknowledged until Waybill is started again",
        { cause },
      );
      throw this.#failure;
    }
  }
}
