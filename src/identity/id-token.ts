import { SignJWT } from "jose";
import type { Principal } from "./principal.ts";
import type { SigningKeys } from "./signing-keys.ts";

const lifetimeSeconds = 3600;

/**
 * An OpenID Connect id_token for somebody else to verify (OpenID Connect Core, section 2).
 *
 * @param issuer this server's origin
 * @param now milliseconds
 */
export async function signIdToken(
  keys: SigningKeys,
  principal: Principal & { kind: "serviceAccount" | "user" },
  audience: string,
  issuer: string,
  now: number,
  includeEmail = true,
): Promise<string> {
  const { id, privateKey } = keys.signing("id");
  const issuedAt = Math.floor(now / 1000);
  // Google's id_tokens name the account that asked, or the program that a person uses.
  const azp = principal.kind === "user" ? audience : principal.id;
  return await new SignJWT({ azp, ...(includeEmail && { email: principal.email, email_verified: true }) })
    .setProtectedHeader({ alg: "RS256", kid: id, typ: "JWT" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(principal.id)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(privateKey);
}
