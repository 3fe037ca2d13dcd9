import type { Unfinished } from "./s3-unfinished.ts";

/** Bytes of rests that are held at once; what is dropped is read from the store again. */
const restBytesMax = 32 * 1024 * 1024;
const entriesMax = 10_000;

/** Unfinished objects as this process left them last, those used longest ago dropped first. */
export class UnfinishedCache {
  readonly #entries = new Map<string, Unfinished>();
  #restBytes = 0;

  get(key: string): Unfinished | undefined {
    return this.#entries.get(key);
  }

  set(key: string, unfinished: Unfinished): void {
    this.delete(key);
    this.#entries.set(key, unfinished);
    this.#restBytes += unfinished.rest.byteLength;
    for (const oldest of this.#entries.keys()) {
      if (oldest === key || (this.#restBytes <= restBytesMax && this.#entries.size <= entriesMax)) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#restBytes -= this.#entries.get(key)?.rest.byteLength ?? 0;
    this.#entries.delete(key);
  }
}
