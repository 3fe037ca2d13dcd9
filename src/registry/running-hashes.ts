import type { Digest, DigestAlgorithm } from "./digest.ts";

interface RunningHash {
  readonly algorithm: DigestAlgorithm;
  readonly hasher: Bun.CryptoHasher;
  /** Bytes hashed. */
  size: number;
}

/** Uploads whose hash is kept at the same time; one that is dropped is read again from the store. */
const uploadsMax = 10_000;

/**
 * The hash of each upload so far, so that finishing one need not read it again. Only a shortcut: an upload that
 * began on another node, before a restart, or asks for another algorithm, is read from the store.
 */
export class RunningHashes {
  readonly #running = new Map<string, RunningHash>();

  /** Begins a hash for an upload that has no bytes yet. */
  begin(id: string, algorithm: DigestAlgorithm): void {
    if (this.#running.size >= uploadsMax) return;
    this.#running.set(id, { algorithm, hasher: new Bun.CryptoHasher(algorithm), size: 0 });
  }

  /** @param size how many bytes of the upload came before these */
  update(id: string, size: number, bytes: Uint8Array): void {
    const running = this.#running.get(id);
    if (!running) return;
    if (running.size !== size) {
      this.forget(id);
      return;
    }
    running.hasher.update(bytes);
    running.size += bytes.byteLength;
  }

  /**
   * The digest of a whole upload of `size` bytes.
   *
   * @param read the upload's stored bytes
   */
  async finish(id: string, size: number, algorithm: DigestAlgorithm, read: () => Blob): Promise<Digest> {
    const running = this.#running.get(id);
    this.forget(id);
    if (running?.size === size && running.algorithm === algorithm) {
      return `${algorithm}:${running.hasher.digest("hex")}` as Digest;
    }
    const hasher = new Bun.CryptoHasher(algorithm);
    if (size > 0) for await (const bytes of read().stream()) hasher.update(bytes);
    return `${algorithm}:${hasher.digest("hex")}` as Digest;
  }

  forget(id: string): void {
    this.#running.delete(id);
  }
}
