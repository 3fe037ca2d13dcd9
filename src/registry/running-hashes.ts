import type { Digest, DigestAlgorithm } from "./digest.ts";

interface RunningHash {
  readonly hasher: Bun.CryptoHasher;
  /** Bytes hashed. */
  size: number;
}

/** Uploads whose hash is kept at the same time; one that is dropped is read again from the store. */
const uploadsMax = 10_000;

/**
 * The SHA-256 of each upload so far, so that finishing one need not read it again. Only a shortcut: an upload that
 * began on another node, before a restart, or asks for another algorithm, is read from the store.
 */
export class RunningHashes {
  readonly #running = new Map<string, RunningHash>();

  /** @param size how many bytes of the upload came before these */
  update(id: string, size: number, bytes: Uint8Array): void {
    let running = this.#running.get(id);
    if (!running) {
      if (size > 0 || this.#running.size >= uploadsMax) return;
      running = { hasher: new Bun.CryptoHasher("sha256"), size: 0 };
      this.#running.set(id, running);
    }
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
    if (running?.size === size && algorithm === "sha256") return `sha256:${running.hasher.digest("hex")}` as Digest;
    const hasher = new Bun.CryptoHasher(algorithm);
    if (size > 0) for await (const bytes of read().stream()) hasher.update(bytes);
    return `${algorithm}:${hasher.digest("hex")}` as Digest;
  }

  forget(id: string): void {
    this.#running.delete(id);
  }
}
