/** What a token says of itself, without proof; each is absent where it does not say. */
export type TokenFacts = {
  kind: string;
  subject?: string;
  scopes?: string[];
  expiresAtSeconds?: number;
  issuedAtSeconds?: number;
};

const wellKnown: readonly [RegExp, string][] = [
  [/^ya29\./, "an access token of Google's"],
  [/^wba_/, "an access token of a Waybill server"],
  [/^wbr_/, "a registry token of a Waybill server"],
  [/^\s*\{/, "a JSON key file"],
];

/** Reads a token as far as it can be read; many cannot, and are only named by their form. */
export function factsOf(token: string): TokenFacts {
  const kind = wellKnown.find(([pattern]) => pattern.test(token))?.[1];
  const claims = claimsOf(token);
  if (!claims) return { kind: kind ?? "a password that only the registry can read" };
  const subject = [claims.email, claims.iss, claims.sub].find((each) => typeof each === "string");
  return {
    kind: kind ?? "a signed token (JWT)",
    ...(subject !== undefined && !kind && { subject }),
    ...(typeof claims.scope === "string" && { scopes: claims.scope.split(" ").filter((each) => each !== "") }),
    ...(typeof claims.exp === "number" && { expiresAtSeconds: claims.exp }),
    ...(typeof claims.iat === "number" && { issuedAtSeconds: claims.iat }),
  };
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  const parts = token.replace(/^wb[a-z]_/, "").split(".");
  if (parts.length !== 3) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
