// What must not be seen by whoever reads a report: access tokens, JWTs, keys, and what stands where credentials stand.
const secrets: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[private key]"],
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g, "[token]"],
  [/\b(?:ya29\.|wb[a-z]_|1\/\/|gh[a-z]_)[\w.\-/+=]+/g, "[token]"],
  // A challenge has a parameter there, which is no secret.
  [/\b(Basic|Bearer)\s+(?![\w-]+=")[\w.~+/=-]{4,}/gi, "$1 [credentials]"],
  [/([?&]code=)[^&\s"]+/g, "$1[secret]"],
  [/(:\/\/)[^\s/@]+@/g, "$1[credentials]@"],
  [
    /("?(?:private_key|access_token|refresh_token|id_token|password|secret|assertion|client_secret)"?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"?|(?!\[)[^\s&,;}]+)/gi,
    "$1[secret]",
  ],
];

/** The text without anything in it that looks like a secret. */
export function mask(text: string): string {
  return secrets.reduce((masked, [pattern, instead]) => masked.replaceAll(pattern, instead), text);
}
