import type { TokenAccess } from "../../identity/caller.ts";

const scopesMax = 50;
const scopeCharactersMax = 1024;
const action = /^(?:[a-z]+|\*)$/;

/**
 * Reads the scopes of a token request: absent, empty, repeated, or several in one, divided by spaces. A scope is
 * `type:name:action,…`; the name may hold a host and port, so the type ends at the first colon and the actions begin
 * after the last (Docker token authentication, scope). Undefined where one is malformed.
 */
export function parseAccessScopes(texts: readonly string[]): TokenAccess[] | undefined {
  const scopes = texts.flatMap((text) => text.split(" ")).filter((text) => text !== "");
  if (scopes.length > scopesMax) return undefined;
  const parsed = scopes.map(parseAccessScope);
  return parsed.includes(undefined) ? undefined : (parsed as TokenAccess[]);
}

function parseAccessScope(text: string): TokenAccess | undefined {
  const first = text.indexOf(":");
  const last = text.lastIndexOf(":");
  if (text.length > scopeCharactersMax || first <= 0 || first === last) return undefined;
  // `repository(plugin)`: a class, which the specification has given up.
  const type = text.slice(0, first).replace(/\(.*\)$/, "");
  const actions = [...new Set(text.slice(last + 1).split(","))].filter((each) => each !== "");
  if (!actions.every((each) => action.test(each))) return undefined;
  return { type, name: text.slice(first + 1, last), actions };
}
