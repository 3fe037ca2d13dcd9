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

  /** Whether it is the code that was issued last, still fresh; it stays good. */
  isGood(code: string): boolean {
    const current = this.#current;
    return current !== undefined && current.until > this.#now() && timingSafeEqual(current.hash, hashOf(code));
  }

  /** True once for the code that was issued last, while it is fresh. */
  spend(code: string): boolean {
    if (!this.isGood(code)) return false;
    this.#current = undefined;
    return true;
  }
}

function hashOf(code: string): Buffer {
  return createHash("sha256").update(code).digest();
}
