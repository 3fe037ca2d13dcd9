import type { Digest, DigestAlgorithm } from "./digest.ts";
import { beginOnThread, type ThreadHash } from "./hash-thread.ts";

interface RunningHash {
  readonly algorithm: DigestAlgorithm;
  /** Bytes hashed or held. */
  size: number;
  /** The first bytes, until there are enough to be worth another thread. */
  held: Uint8Array[];
  thread: ThreadHash | undefined;
}

/** Uploads whose hash is kept at the same time; one that is dropped is read again from the store. */
const uploadsMax = 10_000;
/** Hashed at the end, on the event loop: the way to the thread and back takes as long. */
const heldBytesMax = 64 * 1024;
/** Held for all uploads together. */
const heldInAllBytesMax = 16 * 1024 * 1024;

/**
 * The hash of each upload so far, so that finishing one need not read it again. Only a shortcut: an upload that
 * began on another node, before a restart, or asks for another algorithm, is read from the store.
 */
export class RunningHashes {
  readonly #running = new Map<string, RunningHash>();
  #heldBytes = 0;

  /** Begins a hash for an upload that has no bytes yet. */
  begin(id: string, algorithm: DigestAlgorithm): void {
    if (this.#running.size >= uploadsMax) return;
    this.#running.set(id, { algorithm, size: 0, held: [], thread: undefined });
  }

  /**
   * Takes the pieces and the memory they lie in. Resolves when more may come.
   *
   * @param size how many bytes of the upload came before these
   */
  async update(id: string, size: number, pieces: readonly Uint8Array[]): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return;
    if (running.size !== size) {
      this.forget(id);
      return;
    }
    for (const { byteLength } of pieces) running.size += byteLength;
    if (!running.thread && running.size <= heldBytesMax && this.#heldBytes < heldInAllBytesMax) {
      running.held.push(...pieces);
      this.#heldBytes += running.size - size;
      return;
    }
    running.thread ??= beginOnThread(running.algorithm);
    await running.thread.update([...this.#release(running), ...pieces]);
  }

  /** The digest of a whole upload of `size` bytes; undefined where not all of them were seen here. */
  async finish(id: string, size: number, algorithm: DigestAlgorithm): Promise<Digest | undefined> {
    const running = this.#running.get(id);
    this.#running.delete(id);
    const held = running ? this.#release(running) : [];
    if (running?.size === size && running.algorithm === algorithm) {
      const hex = running.thread ? await running.thread.finish() : hexOf(held, algorithm);
      if (hex !== undefined) return `${algorithm}:${hex}` as Digest;
    } else running?.thread?.forget();
    return size === 0 ? (`${algorithm}:${hexOf([], algorithm)}` as Digest) : undefined;
  }

  forget(id: string): void {
    const running = this.#running.get(id);
    if (!running) return;
    this.#running.delete(id);
    this.#release(running);
    running.thread?.forget();
  }

  /** Gives up what is held of an upload, and answers it. */
  #release(running: RunningHash): Uint8Array[] {
    const { held } = running;
    running.held = [];
    for (const { byteLength } of held) this.#heldBytes -= byteLength;
    return held;
  }
}

/** The digest of bytes that are read for it. */
export async function digestOfStream(bytes: AsyncIterable<Uint8Array>, algorithm: DigestAlgorithm): Promise<Digest> {
  const hasher = new Bun.CryptoHasher(algorithm);
  for await (const piece of bytes) hasher.update(piece);
  return `${algorithm}:${hasher.digest("hex")}` as Digest;
}

function hexOf(pieces: readonly Uint8Array[], algorithm: DigestAlgorithm): string {
  const hasher = new Bun.CryptoHasher(algorithm);
  for (const piece of pieces) hasher.update(piece);
  return hasher.digest("hex");
}
