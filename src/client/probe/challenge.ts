/** How a registry asks for credentials: one challenge of a WWW-Authenticate header. Names are in lower case. */
export type Challenge = { scheme: string; parameters: Readonly<Record<string, string>> };

/** A header longer than this is not a challenge that any client reads. */
const headerCharactersMax = 8 * 1024;

// A parameter belongs to the scheme before it; a word that no `=` follows begins the next challenge.
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const part = new RegExp(`[\\s,]*(?:(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))|(${token}))`, "y");

/** Reads a WWW-Authenticate header, which may hold several challenges (RFC 9110 section 11.6.1). */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  part.lastIndex = 0;
  const text = header.slice(0, headerCharactersMax);
  for (let match = part.exec(text); match; match = part.exec(text)) {
    const [, name, quoted, plain, scheme] = match;
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: {} });
    else if (name !== undefined) setParameter(challenges.at(-1)?.parameters, name, quoted, plain);
  }
  return challenges;
}

function setParameter(
  parameters: Record<string, string> | undefined,
  name: string,
  quoted: string | undefined,
  plain: string | undefined,
): void {
  if (parameters) parameters[name.toLowerCase()] = quoted?.replaceAll(/\\(.)/g, "$1") ?? plain ?? "";
}
