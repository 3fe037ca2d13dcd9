import type { ObjectWriter } from "./blob-store.ts";
import type { S3Bucket, S3Multipart, S3Part } from "./s3-bucket.ts";
import type { Unfinished } from "./s3-unfinished.ts";

const mebibyte = 1024 * 1024;
/** S3 takes parts of 5 MiB or more, and 10,000 of them. */
const partBytes = 8 * mebibyte;
const largePartBytes = 64 * mebibyte;
/** From 40 GiB on parts are large, so that an object may have 350 GiB. */
const smallPartsMax = 5_000;
const firstBufferBytes = 64 * 1024;

/** What a writer needs of the store that it belongs to. */
export interface S3WriterHost {
  readonly bucket: S3Bucket;
  begin(): Promise<S3Multipart>;
  /** Keeps what the unfinished object is now. @param isWhole a commit follows at once */
  keep(unfinished: Unfinished, isWhole: boolean): Promise<void>;
}

/** Sends an object in parts while it arrives: one part is on its way while the next is filled. */
export class S3Writer implements ObjectWriter {
  readonly #host: S3WriterHost;
  readonly #before: Unfinished;
  readonly #parts: S3Part[];
  #multipart: S3Multipart | undefined;
  #buffer: Uint8Array<ArrayBuffer>;
  #filled = 0;
  #taken = 0;
  #sending: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(host: S3WriterHost, before: Unfinished) {
    this.#host = host;
    this.#before = before;
    this.#parts = [...before.parts];
    this.#multipart = before.multipart;
    this.#buffer = new Uint8Array(firstBufferBytes);
    this.#fill(before.rest);
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.#taken += piece.byteLength;
      for (let at = 0; at < piece.byteLength; ) {
        const bytes = piece.subarray(at, at + this.#partBytes - this.#filled);
        this.#fill(bytes);
        at += bytes.byteLength;
        if (this.#filled === this.#partBytes) await this.#send();
      }
    }
  }

  async close(isWhole = false): Promise<void> {
    await this.#sending;
    this.#requireWhole();
    if (this.#taken === 0 && !isWhole) return;
    const rest = this.#buffer.slice(0, this.#filled);
    const sent = { multipart: this.#multipart, parts: this.#parts, rest };
    await this.#host.keep({ ...this.#before, ...sent, committedAs: undefined }, isWhole);
  }

  get #partBytes(): number {
    const sent = this.#parts.length + (this.#sending ? 1 : 0);
    return sent < smallPartsMax ? partBytes : largePartBytes;
  }

  #fill(bytes: Uint8Array): void {
    const wanted = this.#filled + bytes.byteLength;
    if (wanted > this.#buffer.byteLength) {
      const grown = new Uint8Array(Math.min(this.#partBytes, Math.max(wanted, this.#buffer.byteLength * 4)));
      grown.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled = wanted;
  }

  /** Sends the full buffer once the part before it is there; meanwhile the next is filled. */
  async #send(): Promise<void> {
    await this.#sending;
    this.#requireWhole();
    const body = this.#buffer.subarray(0, this.#filled);
    this.#buffer = new Uint8Array(firstBufferBytes);
    this.#filled = 0;
    this.#sending = this.#sendPart(body)
      .catch((error) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#sending = undefined;
      });
  }

  async #sendPart(body: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#multipart ??= await this.#host.begin();
    this.#parts.push(await this.#host.bucket.putPart(this.#multipart, this.#parts.length + 1, body));
    // Not at the next collection: with many uploads that would be too late.
    body.buffer.transfer(0);
  }

  #requireWhole(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
