import { constants, createPrivateKey, type KeyObject, sign } from "node:crypto";
import type { KeyFile } from "../src/identity/key-file.ts";

export const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** gcloud's audience, whatever the key file's `token_uri` says. */
export const googleAudience = "https://oauth2.googleapis.com/token";

/** Signs any header over any claims: what an attacker with a key can send. */
export function signJwt(header: object, claims: object, privateKey: KeyObject | string): string {
  const key = typeof privateKey === "string" ? createPrivateKey(privateKey) : privateKey;
  const signed = `${encode(header)}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key, padding: constants.RSA_PKCS1_PADDING });
  return `${signed}.${signature.toString("base64url")}`;
}

/** An assertion as gcloud makes it, with changes to its claims (undefined takes one out) and its header. */
export function assertionOf(key: KeyFile, now: number, claims: object = {}, header: object = {}): string {
  const iat = Math.floor(now / 1000);
  return signJwt(
    { typ: "JWT", alg: "RS256", kid: key.private_key_id, ...header },
    {
      iss: key.client_email,
      aud: googleAudience,
      iat,
      exp: iat + 3600,
      scope: "https://www.googleapis.com/auth/cloud-platform",
      ...claims,
    },
    key.private_key,
  );
}

export function encode(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString("base64url");
}
