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

/** Sorts what `fetch` threw. */
export function connectionTrouble(thrown: unknown): ConnectionTrouble {
  const { code, name } = (thrown ?? {}) as { code?: unknown; name?: unknown };
  const kind = kinds[String(code)] ?? kinds[String(name)] ?? "other";
  return { kind, text: messageOf(thrown).replace(/ For more information, pass .*$/, "") };
}
