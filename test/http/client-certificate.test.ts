import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { thumbprintOf } from "../../src/http/client-certificate.ts";

const der = Buffer.from("a certificate's bytes, in DER");
const base64 = der.toString("base64");
const thumbprint = createHash("sha256").update(der).digest("base64url");
const pem = `-----BEGIN CERTIFICATE-----\n${base64.replace(/(.{16})/g, "$1\n")}\n-----END CERTIFICATE-----\n`;

test.each([
  ["a byte sequence of RFC 9440", `:${base64}:`, thumbprint],
  ["what nginx escapes", encodeURIComponent(pem), thumbprint],
  ["nothing", null, ""],
  ["an empty header", "", ""],
  ["an empty byte sequence", "::", ""],
  ["base64 without its colons", base64, ""],
  ["two certificates in one header", `:${base64}:, :${base64}:`, ""],
  ["two PEMs", encodeURIComponent(`${pem}${pem}`), ""],
  ["a PEM that is not escaped well", "-----BEGIN CERTIFICATE-----%zz", ""],
  ["more than a certificate has", `:${"A".repeat(20_000)}:`, ""],
])("thumbprintOf reads %s", (_what, header, wanted) => {
  expect(thumbprintOf(header)).toBe(wanted);
});
