import type { ObjectWriter } from "./blob-store.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { S3Bucket, S3Multipart, S3Part } from "./s3-bucket.ts";
import { S3PartBuffer } from "./s3-part-buffer.ts";
import type { Unfinished } from "./s3-unfinished.ts";

const mebibyte = 1024 * 1024;
/** S3 takes parts of 5 MiB or more, and 10,000 of them. */
const partBytes = 8 * mebibyte;
const largePartBytes = 64 * mebibyte;
/** From 40 GiB on parts are large, so that an object may have 350 GiB. */
const smallPartsMax = 5_000;
/** On their way to the store at once, from all uploads: more at a time would each take longer, and none arrive in its time. */
const sending = new ByteBudget(8 * partBytes);

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
  #buffer = new S3PartBuffer();
  #taken = 0;
  #onItsWay: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  private constructor(host: S3WriterHost, before: Unfinished) {
    this.#host = host;
    this.#before = before;
    this.#parts = [...before.parts];
    this.#multipart = before.multipart;
  }

  /** @param before what is there already */
  static async open(host: S3WriterHost, before: Unfinished): Promise<S3Writer> {
    const writer = new S3Writer(host, before);
    await writer.#fill(before.rest);
    return writer;
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.#taken += piece.byteLength;
      await this.#fill(piece);
    }
  }

  async close(isWhole = false): Promise<void> {
    await this.#onItsWay;
    try {
      this.#requireWhole();
      if (this.#taken === 0 && !isWhole) return;
      await sending.holding(this.#buffer.size, () =>
        this.#buffer.drain(async (bytes) => {
          const sent = { multipart: this.#multipart, parts: this.#parts, rest: bytes.slice() };
          await this.#host.keep({ ...this.#before, ...sent, committedAs: undefined }, isWhole);
        }),
      );
    } finally {
      await this.#buffer.drop();
    }
  }

  get #partBytes(): number {
    const sent = this.#parts.length + (this.#onItsWay ? 1 : 0);
    return sent < smallPartsMax ? partBytes : largePartBytes;
  }

  async #fill(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength; ) {
      const part = this.#partBytes;
      const piece = bytes.subarray(at, at + part - this.#buffer.size);
      await this.#buffer.add(piece, part);
      at += piece.byteLength;
      if (this.#buffer.size === part) await this.#send();
    }
  }

  /** Sends the full buffer once the part before it is there; meanwhile the next is filled. */
  async #send(): Promise<void> {
    await this.#onItsWay;
    this.#requireWhole();
    const full = this.#buffer;
    this.#buffer = new S3PartBuffer();
    this.#onItsWay = sending
      .holding(full.size, () => full.drain((body) => this.#sendPart(body)))
      .catch((error) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#onItsWay = undefined;
      });
  }

  async #sendPart(body: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#multipart ??= await this.#host.begin();
    this.#parts.push(await this.#host.bucket.putPart(this.#multipart, this.#parts.length + 1, body));
  }

  #requireWhole(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
