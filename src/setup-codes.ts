import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const lifetimeMilliseconds = 15 * 60 * 1000;

/** The single-use code of `waybill setup`; a new one ends the one before. Only its hash is kept. */
export class SetupCodes {
  readonly #now: () => number;
  #current: { readonly hash: Buffer; readonly until: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(): string {
    const code = randomBytes(32).toString("base64url");
    this.#current = { hash: hashOf(code), until: this.#now() + lifetimeMilliseconds };
    return code;
  }

  /** True once for the code that was issued last, while it is fresh. */
  spend(code: string): boolean {
    const current = this.#current;
    if (!current || current.until <= this.#now() || !timingSafeEqual(current.hash, hashOf(code))) return false;
    this.#current = undefined;
    return true;
  }
}

function hashOf(code: string): Buffer {
  return createHash("sha256").update(code).digest();
}
