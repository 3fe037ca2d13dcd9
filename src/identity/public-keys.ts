import { type CryptoKey, importSPKI } from "jose";

/** Keys that are kept ready: whoever signs often is read once. */
const keysMax = 2000;
const keys = new Map<string, Promise<CryptoKey>>();

/**
 * A public RSA key to verify RS256 with, read from PEM once. What is public and found by its own text may be remembered:
 * whether it still counts is asked of the database each time. Reading one takes far longer than verifying with it.
 */
export function publicKeyOf(pem: string): Promise<CryptoKey> {
  const known = keys.get(pem);
  if (known) return known;
  if (keys.size >= keysMax) keys.clear();
  const key = importSPKI(pem, "RS256");
  keys.set(pem, key);
  return key;
}
