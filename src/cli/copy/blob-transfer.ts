import { createHash } from "node:crypto";
import { BlobUpload, readBlob } from "../../client/registry/blob-upload.ts";
import type { RegistryClient } from "../../client/registry/registry-client.ts";
import { RegistryRefusal, RegistryUnreachable } from "../../client/registry/registry-refusal.ts";
import { Failure } from "../../sources/failure.ts";

/** A blob, and where it goes. */
export type BlobTransfer = {
  digest: string;
  /** Bytes. */
  size: number;
  from: { client: RegistryClient; repository: string };
  to: { client: RegistryClient; repository: string };
  moved: (bytes: number) => void;
};

/** A connection may break so often without a byte in between. */
const failuresMax = 5;
const pauseMilliseconds = 200;
const passing = new Set([408, 429, 500, 502, 503, 504]);

/** Streams a blob from one registry into another. Throws where its bytes are not what the digest says: then nothing is kept. */
export async function transferBlob(transfer: BlobTransfer): Promise<void> {
  const { digest, size, to } = transfer;
  const upload = await BlobUpload.open(to.client, to.repository);
  const seen = new SeenBytes(transfer);
  try {
    if (size > 0) await sendAll(transfer, upload, seen);
    seen.requireWhole();
    await upload.finish(digest);
  } catch (error) {
    await upload.cancel();
    throw error;
  }
}

async function sendAll(transfer: BlobTransfer, upload: BlobUpload, seen: SeenBytes): Promise<void> {
  const { size } = transfer;
  for (let start = 0, failures = 0; start < size; ) {
    try {
      const from = start;
      await upload.send(from, size, () => streamOf(readSteadily(transfer, seen, from)));
      return;
    } catch (error) {
      if (!isPassing(error) || seen.failed || ++failures > failuresMax) throw error;
      await Bun.sleep(pauseMilliseconds * 2 ** failures);
      const received = await upload.received();
      if (received > start) failures = 0;
      start = received;
    }
  }
}

/** The source's bytes from `start` on, asked for again where the connection broke. */
async function* readSteadily(transfer: BlobTransfer, seen: SeenBytes, start: number): AsyncGenerator<Uint8Array> {
  const { from, digest, size } = transfer;
  for (let at = start, failures = 0; at < size; ) {
    try {
      for await (const bytes of readBlob(from.client, from.repository, digest, at)) {
        seen.take(at, bytes);
        at += bytes.byteLength;
        failures = 0;
        yield bytes;
      }
      if (at < size) throw new Error(`${from.client.host} gave ${at} of the ${size} bytes of ${digest}`);
    } catch (error) {
      if (!isPassing(error) || seen.failed || ++failures > failuresMax) throw seen.fail(error);
      await Bun.sleep(pauseMilliseconds * 2 ** failures);
    }
  }
}

/** What passes by itself: a connection that broke, a registry that is busy. */
function isPassing(error: unknown): boolean {
  if (error instanceof RegistryRefusal) return passing.has(error.status);
  return error instanceof RegistryUnreachable || !(error instanceof Failure);
}

/** Hashes every byte of a blob once, however often a part of it is read again. */
class SeenBytes {
  readonly #transfer: BlobTransfer;
  readonly #hash;
  #size = 0;
  #failure: unknown;

  constructor(transfer: BlobTransfer) {
    this.#transfer = transfer;
    this.#hash = createHash(transfer.digest.startsWith("sha512:") ? "sha512" : "sha256");
  }

  /** Whether the source is at fault: then asking the target again is of no use. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  take(at: number, bytes: Uint8Array): void {
    const { digest, size, from, moved } = this.#transfer;
    if (at + bytes.byteLength > size)
      throw this.fail(new Failure(`${from.client.host} gave more than the ${size} bytes of ${digest}`));
    const fresh = bytes.subarray(Math.max(0, this.#size - at));
    this.#hash.update(fresh);
    this.#size += fresh.byteLength;
    moved(fresh.byteLength);
  }

  fail(error: unknown): unknown {
    this.#failure ??= error;
    return this.#failure;
  }

  /** Throws what went wrong at the source. */
  requireWhole(): void {
    const { digest, from } = this.#transfer;
    if (this.#failure !== undefined) throw this.#failure;
    const actual = `${digest.split(":", 1)[0]}:${this.#hash.digest("hex")}`;
    if (actual !== digest) throw new Failure(`${from.client.host} gave bytes of ${actual} for ${digest}`);
  }
}

/** One piece at a time, and only when the other side has taken the last. */
function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
