import { createHash, randomBytes } from "node:crypto";

/**
 * A secret that only its holder knows: 256 random bits, base64url. What is stored is its hash; it needs no salt and no slow
 * function, since nobody guesses 256 bits.
 */
export function newSecretText(prefix = ""): string {
  return `${prefix}${randomBytes(32).toString("base64url")}`;
}

/** SHA-256, hexadecimal: what a secret is looked up by. The look-up's time says nothing of a hash that nobody can choose. */
export function hashOfSecret(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
