import type { ObjectWriter } from "../storage/blobs/blob-store.ts";

/** Takes pieces and the memory they lie in, each batch after the one before; resolves when more may come. */
type Hashing = (pieces: readonly Uint8Array[]) => Promise<void>;

/** Bytes of one upload that may be on their way: the disk and the hash stay busy while the next arrive. */
const waitingBytesMax = 2 * 1024 * 1024;
/** What each may still have when all together have a lot: many fast clients and a slow disk must not fill the memory. */
const scarceBytesMax = 128 * 1024;
const waitingInAllBytesMax = 8 * 1024 * 1024;
/** So much is written at once: fewer and larger system calls, and fewer words between threads. */
const batchBytesMax = 1024 * 1024;
/** What a system call takes at once is limited to 1,024 (IOV_MAX). */
const batchPiecesMax = 1024;

/**
 * The way of an upload's bytes from the network to the disk and then to the hash. All three go on at the same time: a
 * batch is written while the one before is hashed and the next arrives.
 */
export class Inflow {
  static #waitingInAllBytes = 0;
  readonly #writer: ObjectWriter;
  readonly #hash: Hashing;
  readonly #onWritten: (bytes: number) => void;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #working: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  /** Bytes that the writer took. */
  written = 0;

  /** @param onWritten hears how many bytes the writer took */
  constructor(writer: ObjectWriter, hash: Hashing, onWritten: (bytes: number) => void = () => {}) {
    this.#writer = writer;
    this.#hash = hash;
    this.#onWritten = onWritten;
  }

  /** Takes a piece and the memory it lies in. Resolves when more may come; throws what the writer threw. */
  async take(piece: Uint8Array): Promise<void> {
    this.requireWhole();
    this.#waiting.push(piece);
    this.#count(piece.byteLength);
    this.#working ??= this.#work();
    while (this.#waitingBytes > Inflow.#bytesMax() && !this.#failure) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.requireWhole();
  }

  /** Resolves when everything taken is written, or as much as the writer would take. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Throws what the writer threw. */
  requireWhole(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #work(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#failure) {
        const batch = this.#nextBatch();
        const bytes = batch.reduce((sum, { byteLength }) => sum + byteLength, 0);
        await this.#writer.write(batch);
        this.written += bytes;
        this.#onWritten(bytes);
        await this.#hash(batch);
        this.#count(-bytes);
        this.#wake?.();
      }
    } catch (error) {
      this.#failure = { error };
      this.#count(-this.#waitingBytes);
      this.#wake?.();
    }
    this.#working = undefined;
  }

  static #bytesMax(): number {
    return Inflow.#waitingInAllBytes > waitingInAllBytesMax ? scarceBytesMax : waitingBytesMax;
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    Inflow.#waitingInAllBytes += bytes;
  }

  #nextBatch(): Uint8Array[] {
    let [count, bytes] = [0, 0];
    for (const { byteLength } of this.#waiting) {
      if (count === batchPiecesMax || (count > 0 && bytes + byteLength > batchBytesMax)) break;
      bytes += byteLength;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
