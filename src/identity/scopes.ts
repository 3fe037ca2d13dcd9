/** OAuth scopes, each as its whole URL. */
export type Scopes = ReadonlySet<string>;

const prefix = "https://www.googleapis.com/auth/";
const scopesMax = 50;
const scopeCharactersMax = 256;
/** RFC 6749 section 3.3, `scope-token`. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

export const scope = {
  cloudPlatform: `${prefix}cloud-platform`,
  cloudPlatformReadOnly: `${prefix}cloud-platform.read-only`,
  storageReadOnly: `${prefix}devstorage.read_only`,
  storageReadWrite: `${prefix}devstorage.read_write`,
  storageFullControl: `${prefix}devstorage.full_control`,
  iam: `${prefix}iam`,
} as const;

/**
 * Reads a space-separated list. Scopes that mean nothing here are kept and grant nothing.
 * Undefined where the list is malformed or longer than anybody needs.
 */
export function parseScopes(text: string): Scopes | undefined {
  const tokens = text.split(" ").filter((token) => token !== "");
  const wellFormed = tokens.every((token) => token.length <= scopeCharactersMax && scopeToken.test(token));
  return wellFormed && tokens.length <= scopesMax ? new Set(tokens) : undefined;
}

export function formatScopes(scopes: Scopes): string {
  return [...scopes].join(" ");
}

/** What a wider scope has in it. */
const within: Readonly<Record<string, readonly string[]>> = {
  [scope.storageReadWrite]: [scope.storageReadOnly],
  [scope.storageFullControl]: [scope.storageReadWrite, scope.storageReadOnly],
  [scope.cloudPlatformReadOnly]: [scope.storageReadOnly],
};

/** Whether a token that was granted some scopes may be traded for one with others (RFC 6749 section 6: never for more). */
export function scopesWithin(asked: Scopes, granted: Scopes): boolean {
  if (granted.has(scope.cloudPlatform)) return true;
  const reached = new Set([...granted, ...[...granted].flatMap((each) => within[each] ?? [])]);
  return [...asked].every((each) => reached.has(each));
}
