import { constants, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { z } from "zod";
import { IdentityError } from "./identity-error.ts";

/** A service account key as Google's tools know it: one JSON document, given out once. */
export interface KeyFile {
  readonly type: "service_account";
  readonly project_id: string;
  readonly private_key_id: string;
  /** PKCS#8 PEM. */
  readonly private_key: string;
  readonly client_email: string;
  readonly client_id: string;
  readonly auth_uri: string;
  readonly token_uri: string;
  readonly universe_domain: string;
}

/** What a password that is a key file must have; the rest of the file proves nothing. */
const presentedSchema = z.object({
  type: z.literal("service_account"),
  private_key_id: z.string().regex(/^[0-9a-f]{40}$/),
  private_key: z.string(),
  client_email: z.string().max(320),
});

export type PresentedKeyFile = z.infer<typeof presentedSchema>;

/** A key file with a 4096-bit key has less than half of it. */
export const keyFileBytesMax = 16 * 1024;
/** PKCS#8 PEM of a 4096-bit RSA key, with room for other line breaks. */
const pemCharactersMax = 3600;
const modulusBitsMin = 2048;
const modulusBitsMax = 4096;

/** Reads a key file sent as a password. podman drops its line breaks; others may add white space. Throws `malformed`. */
export function parseKeyFile(text: string): PresentedKeyFile {
  if (text.length > keyFileBytesMax) throw malformed("the key file is too large");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw malformed("the password is not a JSON key file", error);
  }
  const parsed = presentedSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw malformed(`the key file lacks a good ${parsed.error.issues[0]?.path.join(".") || "type"}`);
}

/**
 * Parses the private half: unencrypted PKCS#8 RSA of 2048 to 4096 bits and nothing else, bounded before it is parsed.
 * What it claims about itself is not believed; `signChallenge` and a registered public key decide. Throws `malformed`.
 */
export function parsePrivateKey(pem: string): KeyObject {
  const text = pem.trim();
  if (text.length > pemCharactersMax || !/^-----BEGIN PRIVATE KEY-----\n/.test(text)) {
    throw malformed("the key file's private_key is not a PKCS#8 RSA key of 2048 to 4096 bits");
  }
  try {
    const key = createPrivateKey({ key: text, format: "pem", type: "pkcs8" });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType === "rsa" && bits >= modulusBitsMin && bits <= modulusBitsMax) return key;
  } catch (error) {
    throw malformed("the key file's private_key cannot be read", error);
  }
  throw malformed("the key file's private_key is not an RSA key of 2048 to 4096 bits");
}

/** Signs a challenge with a presented key. Throws `bad_signature` where its numbers do not fit together. */
export function signChallenge(key: KeyObject, challenge: Uint8Array): Uint8Array {
  try {
    return sign("sha256", challenge, { key, padding: constants.RSA_PKCS1_PADDING });
  } catch (error) {
    throw new IdentityError("bad_signature", "the key file's private_key does not work", error);
  }
}

function malformed(message: string, cause?: unknown): IdentityError {
  return new IdentityError("malformed", message, cause);
}
