import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { spendOneTimeCode } from "../../storage/metadata/one-time-codes.ts";
import { IdentityError } from "../identity-error.ts";
import type { Granted, Logins } from "./logins.ts";
import type { OneTimeCodes } from "./one-time-codes.ts";

const authorizationSchema = z.object({
  userId: z.string(),
  clientId: z.string(),
  redirectUri: z.string(),
  scopes: z.string(),
  /** RFC 7636 section 4.2, S256. */
  challenge: z.string(),
  address: z.string(),
  /** What the code was traded for. */
  loginId: z.string().optional(),
});

/** What a person allowed a program to do. */
export type Authorization = Omit<z.infer<typeof authorizationSchema>, "loginId">;

/** What a program shows to trade a code. */
export interface CodeExchange {
  readonly code: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly verifier: string;
}

/** The program waits for it at a port of the same machine. */
const codeMilliseconds = 60_000;
/** RFC 7636 section 4.1. */
const verifierWellFormed = /^[\w.~-]{43,128}$/;
export const challengeWellFormed = /^[\w-]{43}$/;

/** Authorization codes (RFC 6749 section 4.1), each good once, with a proof that only its program has (PKCE). */
export class Authorizations {
  readonly #metadata: Metadata;
  readonly #codes: OneTimeCodes;
  readonly #logins: Logins;
  readonly #now: () => number;

  constructor(metadata: Metadata, codes: OneTimeCodes, logins: Logins, now: () => number) {
    this.#metadata = metadata;
    this.#codes = codes;
    this.#logins = logins;
    this.#now = now;
  }

  /** The code for the address that the browser is sent back to. */
  async allow(authorization: Authorization): Promise<string> {
    return await this.#codes.issue("authorization", authorization, codeMilliseconds);
  }

  /**
   * Trades a code for a login. A code that was traded before ends what it gave (RFC 6749 section 4.1.2): one of the two
   * who had it should not have. Throws `not_live` for all that is wrong with it, without saying what.
   */
  async exchange({ code, clientId, redirectUri, verifier }: CodeExchange): Promise<Granted> {
    const granted = await this.#metadata.write(async (write) => {
      const row = await this.#codes.find(write, "authorization", code);
      const parsed = row && authorizationSchema.parse(JSON.parse(row.body));
      if (!row || !parsed) return undefined;
      if (row.spentAt !== null) {
        if (parsed.loginId !== undefined) await this.#logins.endByIdIn(write, parsed.loginId);
        return undefined;
      }
      const { userId, scopes, address, challenge } = parsed;
      const fits = parsed.clientId === clientId && parsed.redirectUri === redirectUri && meets(challenge, verifier);
      const isGood = this.#codes.isGood(row) && fits;
      const login = { kind: "oauth", principal: `user:${userId}`, clientId, scopes, address } as const;
      const outcome = isGood ? await this.#logins.beginIn(write, login) : undefined;
      // A code that was shown with a wrong proof is spent as well: it is in the wrong hands.
      const body = JSON.stringify({ ...parsed, loginId: outcome?.login.id });
      await spendOneTimeCode(write, row.codeHash, body, this.#now());
      return outcome;
    });
    if (!granted) throw new IdentityError("not_live", "the code is wrong, was used before, or is too old");
    return granted;
  }
}

/** Whether a verifier is the one whose hash was given at the start (RFC 7636 section 4.6). None at all never is. */
function meets(challenge: string, verifier: string): boolean {
  if (!verifierWellFormed.test(verifier)) return false;
  const [left, right] = [
    Buffer.from(challenge),
    Buffer.from(createHash("sha256").update(verifier).digest("base64url")),
  ];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
