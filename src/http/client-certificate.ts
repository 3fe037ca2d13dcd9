import { createHash } from "node:crypto";

/** One certificate; a chain of them has a header of its own. */
const headerCharactersMax = 16 * 1024;
const structured = /^:([A-Za-z0-9+/]+={0,2}):$/;
const pem = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/;

/**
 * The thumbprint of the certificate that a client showed to the proxy: SHA-256 in base64url, as `x5t#S256` (RFC 8705 section 3.1);
 * empty for none.
 *
 * @param header `:BASE64:` (RFC 9440 section 2.2), or what nginx calls `$ssl_client_escaped_cert`: a percent-encoded PEM
 */
export function thumbprintOf(header: string | null): string {
  const base64 = header !== null && header.length <= headerCharactersMax ? base64Of(header.trim()) : undefined;
  if (base64 === undefined) return "";
  return createHash("sha256").update(Buffer.from(base64, "base64")).digest("base64url");
}

function base64Of(header: string): string | undefined {
  if (!header.startsWith("-----BEGIN")) return structured.exec(header)?.[1];
  try {
    return pem.exec(decodeURIComponent(header))?.[1];
  } catch {
    return undefined;
  }
}
