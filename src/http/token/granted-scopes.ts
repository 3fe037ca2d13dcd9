import type { Caller } from "../../identity/caller.ts";
import type { TokenClaims } from "../../identity/service-tokens.ts";

/** What a caller was given for a list of scopes. */
export interface Granted {
  readonly access: TokenClaims["access"] & {};
  /** The same as texts: `repository:demo/app:pull`. */
  readonly texts: readonly string[];
  /** As the audit log shows it. */
  readonly shown: readonly string[];
}

/** A caller who asks for more different things has some of them decided again. */
const questionsPerCallerMax = 100;

/**
 * What was granted, beside the caller it was granted to: the authenticator gives the same object only while nothing
 * changed that could change a decision. A client asks for the same token again and again, and a token is all it gets.
 */
export class GrantedScopes {
  readonly #granted = new WeakMap<Caller, Map<string, Granted>>();

  find(caller: Caller, question: string): Granted | undefined {
    return this.#granted.get(caller)?.get(question);
  }

  /** Only for what was granted whole and does not end by the clock. */
  remember(caller: Caller, question: string, granted: Granted): void {
    const known = this.#granted.get(caller);
    if (known && known.size < questionsPerCallerMax) known.set(question, granted);
    else this.#granted.set(caller, new Map([[question, granted]]));
  }
}
