// npm's configuration file as text: lines of `key = value`, comments after ; or #. Only the lines of tokens are touched.
import type { Secret } from "../../sources/secret.ts";

/** A registry and the token that npm shall send there. */
export type NpmToken = { registry: URL; token: Secret; expiresAt: number | undefined };

const registryLine = /^[ \t]*(?:@[^\s:=]+:)?registry[ \t]*=[ \t]*["']?(https?:\/\/[^\s"']+)["']?[ \t]*\r?$/gim;

/** The registries that the text names, each once. */
export function npmRegistries(text: string): URL[] {
  const urls = [...text.matchAll(registryLine)].flatMap(([, url]) => URL.parse(url ?? "") ?? []);
  return [...new Map(urls.map((url) => [npmKey(url), url])).values()];
}

/** The text with a token for each registry; every other byte of it stays. */
export function withTokens(text: string, tokens: readonly NpmToken[]): string {
  return tokens.reduce(withToken, text);
}

/** A line that takes its value from a variable was written by somebody who means it: it stays. */
function withToken(text: string, { registry, token }: NpmToken): string {
  const key = npmKey(registry);
  const line = new RegExp(`^([ \\t]*${RegExp.escape(key)}[ \\t]*=[ \\t]*)([^\\r\\n]*)`, "gm");
  if (!line.test(text)) return append(text, `${key}=${token.reveal()}`);
  return text.replaceAll(line, (whole, start: string, value: string) =>
    /^["']?\$\{[^}]+\}["']?[ \t]*$/.test(value) ? whole : start + token.reveal(),
  );
}

/** npm looks a token up by the registry's address without its scheme, ending in a slash. */
function npmKey({ host, pathname }: URL): string {
  return `//${host}${pathname.endsWith("/") ? pathname : `${pathname}/`}:_authToken`;
}

function append(text: string, line: string): string {
  const end = /\r\n/.test(text) ? "\r\n" : "\n";
  return `${text}${text === "" || text.endsWith("\n") ? "" : end}${line}${end}`;
}
