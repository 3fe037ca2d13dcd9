import { Secret } from "./secret.ts";
import { importPrivateKey, type ServiceAccountKey } from "./service-account-key.ts";

/** How long a token signed here lives: the longest that servers accept. */
export const signedTokenSeconds = 3600;

/** What a signed token says besides who signed it. `audience` is the key's own token endpoint unless told otherwise. */
export type SignedTokenClaims = {
  scopes: readonly string[];
  audience?: string | undefined;
  isUnaddressed?: boolean;
  /** Asks for an id token for this audience instead of an access token. */
  targetAudience?: string;
};

/**
 * A JWT signed by the service account's own key (RFC 7523). A Waybill server takes it as an assertion at its token
 * endpoint, and as it is for an access token: that needs no network. WebCrypto is there without loading a module.
 */
export async function signToken(
  key: ServiceAccountKey,
  claims: SignedTokenClaims,
  nowMilliseconds: number,
): Promise<Secret> {
  const issuedAt = Math.floor(nowMilliseconds / 1000);
  const header = { alg: "RS256", typ: "JWT", kid: key.keyId };
  const payload = {
    iss: key.email,
    sub: key.email,
    ...(claims.isUnaddressed ? {} : { aud: claims.audience ?? key.tokenUri }),
    iat: issuedAt,
    exp: issuedAt + signedTokenSeconds,
    ...(claims.targetAudience === undefined
      ? { scope: claims.scopes.join(" ") }
      : { target_audience: claims.targetAudience }),
  };
  const signed = `${encode(JSON.stringify(header))}.${encode(JSON.stringify(payload))}`;
  const privateKey = await importPrivateKey(key);
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", privateKey, Buffer.from(signed));
  return new Secret(`${signed}.${Buffer.from(signature).toString("base64url")}`);
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}
