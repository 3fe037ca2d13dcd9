/** Why a text is no URL of a database, in words that do not repeat it: there is a password in it. */
export function wrongDatabaseUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^postgres(?:ql)?:$/.test(url.protocol) && url.pathname.length > 1) return undefined;
  return "is not postgres://USER:PASSWORD@HOST:PORT/NAME";
}

/** What may be shown of a database's URL: host, port and name. */
export function databaseName(url: string): string {
  const { protocol, host, pathname, searchParams } = new URL(url);
  return `${protocol}//${host || searchParams.get("host") || "localhost"}${pathname}`;
}
