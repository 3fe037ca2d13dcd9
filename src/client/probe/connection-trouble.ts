import { messageOf } from "../../sources/failure.ts";

/** Why no connection came about, by what mends it. */
export type ConnectionTrouble = {
  kind: "name" | "closed" | "silent" | "authority" | "certificate name" | "certificate time" | "not tls" | "other";
  text: string;
};

const kinds: Readonly<Record<string, ConnectionTrouble["kind"]>> = {
  ENOTFOUND: "name",
  EAI_AGAIN: "name",
  ECONNREFUSED: "closed",
  ConnectionRefused: "closed",
  ECONNRESET: "closed",
  EHOSTUNREACH: "closed",
  ENETUNREACH: "closed",
  ETIMEDOUT: "silent",
  TimeoutError: "silent",
  AbortError: "silent",
  EPROTO: "not tls",
  DEPTH_ZERO_SELF_SIGNED_CERT: "authority",
  SELF_SIGNED_CERT_IN_CHAIN: "authority",
  UNABLE_TO_GET_ISSUER_CERT: "authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "authority",
  CERT_UNTRUSTED: "authority",
  ERR_TLS_CERT_ALTNAME_INVALID: "certificate name",
  CERT_HAS_EXPIRED: "certificate time",
  CERT_NOT_YET_VALID: "certificate time",
};

const texts: Readonly<Record<ConnectionTrouble["kind"], string>> = {
  name: "the name has no address",
  closed: "nobody takes the connection",
  silent: "no answer in time",
  authority: "the certificate is from an unknown authority",
  "certificate name": "the certificate is for another name",
  "certificate time": "the certificate is not valid at this time",
  "not tls": "the port does not speak TLS",
  other: "the connection failed",
};

/** Sorts what `fetch` threw. */
export function connectionTrouble(thrown: unknown): ConnectionTrouble {
  const { code, name } = (thrown ?? {}) as { code?: unknown; name?: unknown };
  const known = [String(code), String(name)].find((each) => kinds[each] !== undefined);
  const kind = kinds[known ?? ""] ?? "other";
  return { kind, text: `${texts[kind]} (${known ?? messageOf(thrown).slice(0, 200)})` };
}
