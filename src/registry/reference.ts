import { type Digest, isDigest, parseDigest } from "./digest.ts";
import { RegistryError } from "./registry-error.ts";

/** A tag name. */
export type Tag = string & { readonly [tagBrand]: true };
declare const tagBrand: unique symbol;

/** Which manifest of a repository: by tag or by digest. */
export type Reference =
  | { readonly kind: "tag"; readonly tag: Tag }
  | { readonly kind: "digest"; readonly digest: Digest };

/** distribution-spec: Pulling manifests, `<reference>` as a tag. */
const tagWellFormed = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Reads a tag or a digest. Throws DIGEST_INVALID or TAG_INVALID. */
export function parseReference(text: string): Reference {
  if (isDigest(text)) return { kind: "digest", digest: text };
  if (text.includes(":")) return { kind: "digest", digest: parseDigest(text) };
  return { kind: "tag", tag: parseTag(text) };
}

/** Throws TAG_INVALID. */
export function parseTag(text: string): Tag {
  if (!tagWellFormed.test(text)) {
    throw new RegistryError(
      "TAG_INVALID",
      "a tag is up to 128 letters, digits, and . _ -, and begins with a letter, a digit or _",
    );
  }
  return text as Tag;
}
