import { Failure } from "./failure.ts";

const prefix = "https://www.googleapis.com/auth/";

/** What a token for pulling needs. */
export const pullScope = `${prefix}devstorage.read_only`;
/** What a token for pushing and pulling needs. */
export const registryScope = `${prefix}devstorage.read_write`;
/** Everything that the account may do. */
export const platformScope = `${prefix}cloud-platform`;

/** Reads a scope as people type it: `devstorage.read_only` is short for Google's whole URL. */
export function parseScope(text: string): string {
  // RFC 6749 section 3.3: printable ASCII but space, quote and backslash.
  if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) throw new Failure(`${JSON.stringify(text)} is not a scope`);
  return text.includes("://") || text === "openid" ? text : prefix + text;
}
