const productsMax = 6;
/** `docker/28.1.1`, `go-containerregistry/v0.20.2`. Longer ones than anybody has may be something else than a version. */
const product = /^[A-Za-z][A-Za-z0-9_.-]{0,30}\/[A-Za-z0-9_.+-]{1,30}$/;

/**
 * The products of a User-Agent header (RFC 9110 section 10.1.5). Only what looks like NAME/VERSION is kept: a header may hold
 * anything, and what a client put there by mistake is not to be found in a log.
 */
export function productsOf(header: string | null): string {
  if (!header) return "";
  const words = header.slice(0, 512).split(/[\s();,]+/);
  return redact(
    words
      .filter((word) => product.test(word))
      .slice(0, productsMax)
      .join(" "),
  );
}

/** Tokens of ours, JWTs, Google's tokens and PEM keys, as they begin. */
const secrets = /(?:wb[a-z]{1,2}_|eyJ|ya29\.|1\/\/|-----BEGIN)[^\s"]{8,}/g;

/** A text that a client chose, without what is recognisably a secret. */
export function redact(text: string): string {
  return text.replace(secrets, "[redacted]");
}
