import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from "jose";
import { z } from "zod";
import { clockSkewSecondsMax } from "../assertion.ts";
import { IdentityError } from "../identity-error.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { type ProviderSettings, parseJson, signatureAlgorithms, usableKeys } from "./provider-settings.ts";

const tokenCharactersMax = 16 * 1024;
/** Google's limit for what an issuer may sign. */
const lifetimeSecondsMax = 24 * 3600;

/** Header parameters that would let a token bring its own key, or change how it is read, must be absent. */
const headerSchema = z.object({
  alg: z.enum(signatureAlgorithms),
  typ: z.string().regex(/^jwt$/i).optional(),
  kid: z.string().max(256).optional(),
  jwk: z.never().optional(),
  jku: z.never().optional(),
  x5u: z.never().optional(),
  x5c: z.never().optional(),
  crit: z.never().optional(),
  b64: z.never().optional(),
});

const claimsSchema = z.looseObject({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string()).max(20)]),
  iat: z.number(),
  exp: z.number(),
});

/**
 * The claims of a token that an outside issuer signed for one of its workloads. Throws IdentityError.
 *
 * @param defaultAudience the provider's own name, `//iam.googleapis.com/…`; it counts where no other was set
 * @param now milliseconds
 */
export async function verifySubjectToken(
  jwt: string,
  settings: ProviderSettings,
  defaultAudience: string,
  keys: IssuerKeys,
  now: number,
): Promise<Record<string, unknown>> {
  if (jwt.length > tokenCharactersMax) throw wrong("malformed", "the subject token is too large");
  const kid = kidOf(jwt);
  const { issuerUri, jwksJson, allowedAudiences } = settings;
  // Before anybody is asked for keys: who sends tokens of others makes no traffic.
  requireIssuer(jwt, issuerUri);
  const usable = jwksJson === undefined ? await keys.of(issuerUri, kid) : usableKeys(parseJson(jwksJson));
  const audience = allowedAudiences.length > 0 ? [...allowedAudiences] : [defaultAudience, `https:${defaultAudience}`];
  const claims = await verify(jwt, usable as unknown as JSONWebKeySet["keys"], { issuer: issuerUri, audience, now });
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) throw wrong("wrong_claims", "the subject token lacks iss, aud, iat or exp");
  const { iat, exp } = parsed.data;
  if (exp - iat > lifetimeSecondsMax) throw wrong("wrong_claims", "the subject token lives longer than a day");
  if (iat > now / 1000 + clockSkewSecondsMax) throw wrong("not_yet_valid", "the subject token is from the future");
  return parsed.data;
}

function kidOf(jwt: string): string | undefined {
  const parsed = headerSchema.safeParse(parseJson(Buffer.from(jwt.split(".", 1)[0] ?? "", "base64url").toString()));
  if (parsed.success) return parsed.data.kid;
  throw wrong("malformed", `the subject token is no JWT signed with ${signatureAlgorithms.join(" or ")}`);
}

function requireIssuer(jwt: string, issuer: string): void {
  const claims = parseJson(Buffer.from(jwt.split(".", 2)[1] ?? "", "base64url").toString()) as { iss?: unknown } | null;
  if (claims?.iss !== issuer) throw wrong("wrong_claims", `the subject token is not of ${issuer}`);
}

async function verify(
  jwt: string,
  keys: JSONWebKeySet["keys"],
  { issuer, audience, now }: { issuer: string; audience: string[]; now: number },
): Promise<unknown> {
  try {
    const options = {
      issuer,
      audience,
      algorithms: [...signatureAlgorithms],
      clockTolerance: clockSkewSecondsMax,
      currentDate: new Date(now),
    };
    return (await jwtVerify(jwt, createLocalJWKSet({ keys }), options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw explain(error, audience);
  }
}

function explain(error: errors.JOSEError, audience: readonly string[]): IdentityError {
  if (error instanceof errors.JWTExpired) return wrong("expired", "the subject token has expired");
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") {
    return wrong("wrong_audience", `the subject token's audience is none of ${audience.join(", ")}`);
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return wrong(
      error.claim === "nbf" ? "not_yet_valid" : "wrong_claims",
      `the subject token's ${error.claim} is wrong`,
    );
  }
  if (error instanceof errors.JWKSNoMatchingKey)
    return wrong("unknown_key", "the subject token's key is none of its issuer's");
  return wrong("bad_signature", "the subject token's signature is not its issuer's");
}

function wrong(code: IdentityError["code"], message: string): IdentityError {
  return new IdentityError(code, message);
}
