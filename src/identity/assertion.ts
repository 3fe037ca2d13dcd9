import { compactVerify, decodeJwt, decodeProtectedHeader, errors } from "jose";
import { z } from "zod";
import type { Metadata } from "../storage/metadata/metadata.ts";
import {
  findServiceAccountKey,
  listServiceAccountKeys,
  type ServiceAccountKeyRow,
} from "../storage/metadata/service-account-keys.ts";
import { findServiceAccount } from "../storage/metadata/service-accounts.ts";
import { IdentityError } from "./identity-error.ts";
import { publicKeyOf } from "./public-keys.ts";
import { parseScopes, type Scopes } from "./scopes.ts";

/** A JWT that a service account signed with one of its keys (RFC 7523), checked. */
export interface Assertion {
  readonly keyId: string;
  readonly accountId: string;
  readonly scopes: Scopes;
  /** The audience of the id_token that is asked for instead of an access token. */
  readonly targetAudience: string | undefined;
  /** Seconds. */
  readonly issuedAt: number;
  /** Seconds. */
  readonly expiresAt: number;
  readonly jti: string | undefined;
}

export const clockSkewSecondsMax = 60;
const lifetimeSecondsMax = 3600;
const assertionCharactersMax = 16 * 1024;
/** gcloud and Google's libraries put one of these in, whatever the key file's `token_uri` says. */
const googleAudiences = new Set([
  "https://oauth2.googleapis.com/token",
  "https://www.googleapis.com/oauth2/v4/token",
  "https://accounts.google.com/o/oauth2/token",
]);

/** Header parameters that would let a token bring its own key, or change how it is read. */
const headerSchema = z.object({
  alg: z.literal("RS256"),
  typ: z.literal("JWT").optional(),
  kid: z.string().max(256).optional(),
  jwk: z.never().optional(),
  jku: z.never().optional(),
  x5u: z.never().optional(),
  x5c: z.never().optional(),
  crit: z.never().optional(),
  b64: z.never().optional(),
});

const claimsSchema = z.object({
  iss: z.string().min(1).max(320),
  sub: z.string().max(320).optional(),
  aud: z.union([z.string(), z.array(z.string()).max(10)]).optional(),
  iat: z.number(),
  exp: z.number(),
  nbf: z.number().optional(),
  jti: z.string().min(1).max(256).optional(),
  scope: z.string().optional(),
  target_audience: z.string().min(1).max(1024).optional(),
});
type Claims = z.infer<typeof claimsSchema>;

/** Checks the JWTs that service accounts sign. */
export class Assertions {
  readonly #metadata: Metadata;
  readonly #isOurAudience: (audience: string) => boolean;
  readonly #now: () => number;

  /** @param isOurAudience whether a URL is one of this server's */
  constructor(metadata: Metadata, isOurAudience: (audience: string) => boolean, now: () => number) {
    this.#metadata = metadata;
    this.#isOurAudience = isOurAudience;
    this.#now = now;
  }

  /** Throws IdentityError. Whether key and account are live is for the caller to ask. */
  async verify(jwt: string): Promise<Assertion> {
    if (jwt.length > assertionCharactersMax) throw wrong("malformed", "the JWT is too large");
    const { kid, claims } = parse(jwt);
    this.#checkTimes(claims);
    const key = await this.#findKey(jwt, kid, claims.iss);
    this.#checkAudience(claims, key);
    const scopes = parseScopes(claims.scope ?? "");
    if (!scopes) throw wrong("wrong_claims", "the JWT's scope is malformed");
    return {
      keyId: key.id,
      accountId: key.serviceAccountId,
      scopes,
      targetAudience: claims.target_audience,
      issuedAt: claims.iat,
      expiresAt: claims.exp,
      jti: claims.jti,
    };
  }

  #checkTimes({ iat, exp, nbf }: Claims): void {
    const now = this.#now() / 1000;
    if (exp <= now - clockSkewSecondsMax) throw wrong("expired", "the JWT has expired: check this machine's clock");
    if (Math.max(iat, nbf ?? iat) > now + clockSkewSecondsMax) {
      throw wrong("not_yet_valid", "the JWT is from the future: check this machine's clock");
    }
    if (exp - iat > lifetimeSecondsMax) throw wrong("wrong_claims", "the JWT lives longer than an hour");
  }

  /** By `kid`, or for a JWT without one (Node's google-auth-library) by trying the issuer's few keys. */
  async #findKey(jwt: string, kid: string | undefined, issuer: string): Promise<ServiceAccountKeyRow> {
    const account = await findServiceAccount(this.#metadata.read, issuer);
    const candidates =
      kid !== undefined
        ? [await findServiceAccountKey(this.#metadata.read, kid)]
        : account && (await listServiceAccountKeys(this.#metadata.read, account.id));
    for (const key of candidates ?? []) {
      if (!key || !account || key.serviceAccountId !== account.id) continue;
      if (await verifies(jwt, key.publicKey)) return key;
    }
    throw wrong("bad_signature", `the JWT is not signed by a key of ${issuer} that this server knows`);
  }

  #checkAudience({ iss, sub, aud, scope, target_audience }: Claims, { origin }: ServiceAccountKeyRow): void {
    if (sub !== undefined && sub !== iss) throw wrong("wrong_claims", "an account can sign for itself only");
    // Go's library writes `"aud":""` where it means none (docker-credential-gcr 2.2).
    const audiences = aud === undefined || aud === "" ? [] : [aud].flat();
    if (audiences.some(this.#isOurAudience)) return;
    if (origin !== "generated") {
      const kind = origin === "uploaded" ? "an uploaded key" : "a key from before this installation was restored";
      throw wrong("wrong_audience", `a JWT of ${kind} must name this server's token endpoint as its audience`);
    }
    if (audiences.some((audience) => googleAudiences.has(audience))) return;
    if (audiences.length > 0) throw wrong("wrong_audience", "the JWT is meant for another server");
    if (sub === undefined || (scope ?? target_audience) === undefined) {
      throw wrong("wrong_claims", "a JWT without an audience needs sub and scope");
    }
  }
}

function parse(jwt: string): { kid: string | undefined; claims: Claims } {
  try {
    const { kid } = headerSchema.parse(decodeProtectedHeader(jwt));
    return { kid, claims: claimsSchema.parse(decodeJwt(jwt)) };
  } catch (error) {
    throw wrong("malformed", "the JWT is malformed, or not signed with RS256", error);
  }
}

async function verifies(jwt: string, publicKey: string): Promise<boolean> {
  try {
    await compactVerify(jwt, await publicKeyOf(publicKey), { algorithms: ["RS256"] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

function wrong(code: IdentityError["code"], message: string, cause?: unknown): IdentityError {
  return new IdentityError(code, message, cause);
}
