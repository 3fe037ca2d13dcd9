/** Blobs for a load: as random as a compressed layer, and cheap to make by the thousand. */
import type { CryptoHasher } from "bun";

export interface Content {
  /** The bytes, in parts. */
  readonly parts: readonly Uint8Array[];
  readonly size: number;
  readonly digest: string;
}

const tailBytes = 4096;
const poolBytes = 1024 * 1024;

/** Blobs of one size that differ in their last page only, so that each one's digest costs the hash of a page. */
export class ContentMaker {
  readonly #size: number;
  readonly #beginning: Uint8Array[] = [];
  readonly #hashed: CryptoHasher = new Bun.CryptoHasher("sha256");
  readonly #fixed: Content;

  /** @param seed makes the beginning: the same for every client of a load */
  constructor(size: number, seed: Uint8Array = crypto.getRandomValues(new Uint8Array(65_536))) {
    this.#size = size;
    const pool = Buffer.alloc(Math.min(poolBytes, size - tailBytes));
    for (let at = 0; at < pool.byteLength; at += seed.byteLength) pool.set(seed.subarray(0, pool.byteLength - at), at);
    for (let left = size - tailBytes; left > 0; left -= pool.byteLength) {
      const part = pool.subarray(0, Math.min(left, pool.byteLength));
      this.#beginning.push(part);
      this.#hashed.update(part);
    }
    this.#fixed = this.unique();
  }

  /** One that nobody has pushed before. */
  unique(): Content {
    const tail = crypto.getRandomValues(new Uint8Array(tailBytes));
    const digest = `sha256:${this.#hashed.copy().update(tail).digest("hex")}`;
    return { parts: [...this.#beginning, tail], size: this.#size, digest };
  }

  /** The same each time: after the first push, a registry that keeps one copy has it. */
  repeated(): Content {
    return this.#fixed;
  }
}

export function contentOf(text: string): Content {
  const bytes = Buffer.from(text);
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
  return { parts: [bytes], size: bytes.byteLength, digest };
}
