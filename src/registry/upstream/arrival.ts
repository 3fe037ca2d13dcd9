import type { ObjectBytes } from "../../storage/blobs/blob-store.ts";
import type { StoredBlob } from "../blobs.ts";

/**
 * A blob that is being fetched, read by any number of clients while it arrives. They read what the store has of it, each at
 * its own pace. The last byte is held back until the digest was compared: nobody gets the whole of what is wrong.
 */
export class Arrival {
  /** Bytes, where the upstream said so. */
  readonly size: number | undefined;
  readonly #read: ((start: number, end: number) => Promise<ObjectBytes>) | undefined;
  /** Resolves when the blob is stored; rejects where that failed. */
  readonly stored: Promise<void>;
  #received = 0;
  #isOver = false;
  #waiting: (() => void)[] = [];

  /**
   * @param store takes the bytes that it is given and keeps the blob; it says how many more can be read
   * @param read what is stored of it so far; undefined where that cannot be read before it is whole
   */
  constructor(
    { size, body }: { size: number | undefined; body: AsyncIterable<Uint8Array> },
    store: (body: AsyncIterable<Uint8Array>, onWritten: (bytes: number) => void) => Promise<void>,
    read: ((start: number, end: number) => Promise<ObjectBytes>) | undefined,
  ) {
    this.size = size;
    this.#read = read;
    const onWritten = (bytes: number) => {
      this.#received += bytes;
      this.#wake();
    };
    this.stored = store(body, onWritten).finally(() => {
      this.#isOver = true;
      this.#wake();
    });
    // Whoever reads is told; with nobody reading the next client asks anew.
    this.stored.catch(() => {});
  }

  /** The bytes from the start. @param whole the stored blob, once it is */
  async *bytes(whole: () => Promise<StoredBlob>) {
    let at = 0;
    while (!this.#isOver) {
      const end = this.#received - 1;
      if (this.#read && at < end) {
        for await (const bytes of (await this.#read(at, end)).stream()) {
          at += bytes.byteLength;
          yield bytes;
        }
      } else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    await this.stored;
    const blob = await whole();
    if (at < blob.size) yield* (await blob.read(at, blob.size)).stream();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
