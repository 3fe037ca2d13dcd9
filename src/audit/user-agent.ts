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

/** Tokens of ours, JWTs and Google's tokens as they begin; PEM to its end; and runs of letters that no name has. */
const secrets = /(?:wb[a-z]{1,2}_|eyJ|ya29\.|1\/\/)[^\s"]{8,}|-----BEGIN [\s\S]*/g;
const longRuns = /[A-Za-z0-9+=_-]{40,}/g;

/** A text that a client chose, without what is recognisably a secret. */
export function redact(text: string): string {
  const known = text.replace(secrets, "[redacted]");
  if (known.length < 40) return known;
  return known.replace(longRuns, (run) => (isRandom(run) ? "[redacted]" : run));
}

/** A digest is of small letters and digits; base64 of this length has all three. */
function isRandom(run: string): boolean {
  return /[A-Z]/.test(run) && /[a-z]/.test(run) && /[0-9]/.test(run);
}
