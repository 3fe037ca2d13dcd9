import type { Caller } from "./caller.ts";

interface Known {
  readonly caller: Caller;
  readonly until: number;
}

/**
 * Nothing is remembered for longer, so that what ends by the clock alone (a key's own expiry) ends soon after: within ten
 * seconds, with the one for which an answer may be remembered beside it.
 */
const rememberMillisecondsMax = 9_000;
const callersMax = 20_000;

/**
 * Whom a token proved, for as long as nothing changed: any change to accounts, keys, projects or policies raises the
 * policy version, and with it everybody is asked for anew. The same `Caller` object stands for the same state of the
 * world, so what was decided for it may be remembered beside it.
 */
export class KnownCallers {
  #version = Number.NaN;
  readonly #callers = new Map<string, Known>();

  /** @param version today's policy version */
  find(token: string, version: number, now: number): Caller | undefined {
    if (version !== this.#version) return undefined;
    const known = this.#callers.get(token);
    return known && known.until > now ? known.caller : undefined;
  }

  /** @param version the policy version that was read before the caller was looked up */
  remember(token: string, caller: Caller, version: number, now: number): void {
    if (version !== this.#version || this.#callers.size >= callersMax) this.#callers.clear();
    this.#version = version;
    this.#callers.set(token, { caller, until: Math.min(caller.expiresAt, now + rememberMillisecondsMax) });
  }
}
