import { RegistryError } from "./registry-error.ts";

/** A digest of a registered algorithm, well-formed: `sha256:` and 64 hex digits, or `sha512:` and 128. */
export type Digest = string & { readonly [digestBrand]: true };
declare const digestBrand: unique symbol;

export type DigestAlgorithm = "sha256" | "sha512";

const wellFormed = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** image-spec: Digests, with the registered algorithms only. Throws DIGEST_INVALID. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new RegistryError("DIGEST_INVALID", `"${shorten(text)}" is not a digest: write sha256: and 64 hex digits`);
  }
  return text;
}

export function isDigest(text: string): text is Digest {
  return wellFormed.test(text);
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha256:") ? "sha256" : "sha512";
}

/** The digest of bytes in memory. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): Digest {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest("hex")}` as Digest;
}

/** The part of hostile text that an error may repeat. */
function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
