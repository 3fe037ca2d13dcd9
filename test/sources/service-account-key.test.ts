import { describe, expect, test } from "bun:test";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { inspect } from "node:util";
import { importPrivateKey, parseServiceAccountKey } from "../../src/sources/service-account-key.ts";
import { signToken } from "../../src/sources/signed-token.ts";
import { claimsOf, email, keyFields, keyPair } from "../helper/home.ts";

const parse = (fields: Record<string, unknown>) =>
  parseServiceAccountKey(JSON.stringify(keyFields(fields)), "key.json");

describe("parseServiceAccountKey", () => {
  test("reads what a Waybill server hands out, also with the newlines lost", () => {
    expect(parse({})).toMatchObject({ email, keyId: "0123456789abcdef", tokenUri: "http://localhost:5000/token" });
    expect(parse({ private_key: keyPair.privateKey.replaceAll("\n", "") }).email).toBe(email);
  });

  const refused: [string, Record<string, unknown>, RegExp][] = [
    ["another type", { type: "authorized_user" }, /type/],
    ["no type", { type: undefined }, /type/],
    ["no account", { client_email: undefined }, /client_email is missing/],
    ["an account that leads out of its folder", { client_email: "../../x@y" }, /client_email/],
    ["an account that is a number", { client_email: 1 }, /client_email/],
    ["no key id", { private_key_id: "" }, /private_key_id/],
    ["a key id with a path in it", { private_key_id: "a/b" }, /private_key_id/],
    ["no key", { private_key: undefined }, /private_key is missing/],
    [
      "a key in PKCS#1",
      { private_key: "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----" },
      /PKCS#8/,
    ],
    ["no token endpoint", { token_uri: undefined }, /token_uri is missing/],
    ["a token endpoint that is no URL", { token_uri: "token" }, /not a URL/],
    ["a token endpoint without encryption", { token_uri: "http://registry.example.com/token" }, /encryption/],
  ];
  for (const [what, fields, message] of refused)
    test(`refuses ${what}`, () => expect(() => parse(fields)).toThrow(message));

  for (const text of ["", "{", "[]", "null", '"text"', keyPair.privateKey])
    test(`refuses ${JSON.stringify(text.slice(0, 20))} without repeating it`, () => {
      const attempt = () => parseServiceAccountKey(text, "key.json");
      expect(attempt).toThrow(/^key\.json is not a service account's key/);
      expect(attempt).not.toThrow(/PRIVATE/);
    });

  test("keeps the private key from showing", () => {
    const key = parse({});
    for (const shown of [inspect(key), JSON.stringify(key), String(key.privateKey), `${Bun.inspect(key)}`]) {
      expect(shown).not.toContain("BEGIN");
      expect(shown).not.toContain(keyPair.privateKey.slice(60, 100));
    }
    expect(inspect(key)).toContain("[redacted]");
  });
});

describe("importPrivateKey", () => {
  const options = {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  } as const;
  const { privateKey: elliptic } = generateKeyPairSync("ec", { namedCurve: "P-256", ...options });
  const { privateKey: short } = generateKeyPairSync("rsa", { modulusLength: 1024, ...options });
  const { privateKey: edwards } = generateKeyPairSync("ed25519", options);
  const pem = (body: string) => `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`;
  const refused = { elliptic, edwards, short, empty: pem("AAAA"), noise: pem("bm9pc2U=") };
  for (const [what, private_key] of Object.entries(refused))
    test(`refuses a key that is ${what}`, () =>
      expect(importPrivateKey(parse({ private_key }))).rejects.toThrow(/the key 0123/));
});

describe("signToken", () => {
  test("signs what a server can verify with the public key", async () => {
    const now = Date.UTC(2026, 10, 23);
    const token = (await signToken(parse({}), { scopes: ["a", "b"] }, now)).reveal();
    const { header, claims } = claimsOf(token);
    expect(header).toEqual({ alg: "RS256", typ: "JWT", kid: "0123456789abcdef" });
    const iat = now / 1000;
    const aud = "http://localhost:5000/token";
    expect(claims).toEqual({ iss: email, sub: email, aud, iat, exp: iat + 3600, scope: "a b" });
    const [head, body, signature = ""] = token.split(".");
    const signed = Buffer.from(`${head}.${body}`);
    expect(verify("RSA-SHA256", signed, createPublicKey(keyPair.publicKey), Buffer.from(signature, "base64url"))).toBe(
      true,
    );
  });
});
