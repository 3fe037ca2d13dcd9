import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { revokeToken } from "../storage/metadata/revoked-tokens.ts";
import { IdentityError } from "./identity-error.ts";
import { actorsMax } from "./lineage.ts";
import { ServiceTokens } from "./service-tokens.ts";

/** What was made of a token may live on after it would have ended: so long for each step, and so many steps. */
const descendantsMilliseconds = (actorsMax + 2) * 12 * 3600 * 1000;

/** Ends tokens before their time, with all that was made of them. */
export class Revocations {
  readonly #metadata: Metadata;
  readonly #tokens: ServiceTokens;
  readonly #now: () => number;

  constructor(metadata: Metadata, tokens: ServiceTokens, now: () => number) {
    this.#metadata = metadata;
    this.#tokens = tokens;
    this.#now = now;
  }

  /** Whether the text was a token of ours; it counts no more then. Having it is leave enough to end it. */
  async revoke(token: string): Promise<boolean> {
    const use = ServiceTokens.useOf(token);
    if (use === undefined) return false;
    try {
      const { jti, exp } = this.#tokens.verify(use, token);
      const forgetAt = exp * 1000 + descendantsMilliseconds;
      await this.#metadata.write(async (write) => {
        await revokeToken(write, jti, forgetAt, this.#now());
        await raisePolicyVersion(write);
      });
      return true;
    } catch (error) {
      if (error instanceof IdentityError) return false;
      throw error;
    }
  }
}
