/** The path of a request as it came, percent-encoding and all. Cheaper than `new URL`, and it cannot throw. */
export function pathOf({ url }: Request): string {
  // Without a Host that makes a URL (HTTP/1.0, or a malformed one) there is the path alone.
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}

/** The query's parameters. */
export function queryOf({ url }: Request): URLSearchParams {
  const query = url.indexOf("?");
  return new URLSearchParams(query === -1 ? "" : url.slice(query + 1));
}
