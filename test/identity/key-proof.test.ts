import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { KeyFile } from "../../src/identity/key-file.ts";
import type { ServiceAccountRow } from "../../src/storage/metadata/service-accounts.ts";
import { basic, startTestServer, type TestServer } from "../server.ts";

/** The numbers of an RSA key, base64url (RFC 7518 section 6.3). */
type RsaNumbers = { kty?: string } & Partial<Record<"n" | "e" | "d" | "p" | "q" | "dp" | "dq" | "qi", string>>;

let server: TestServer;
let account: ServiceAccountRow;
let key: KeyFile;

beforeAll(async () => {
  server = await startTestServer();
  ({ account, key } = await server.account(await server.project("victim"), "robot"));
});
afterAll(() => server.close());

const logIn = async (password: string, username = "_json_key", from = server) =>
  await from.fetch("/v2/token?service=localhost:5000", { headers: basic(username, password) });

describe("a key file as password", () => {
  const written: [string, (text: string) => string][] = [
    ["as it was written", (text) => text],
    ["on one line, as podman sends it", (text) => text.replaceAll("\n", "")],
    ["with white space around it", (text) => `\n ${text}\n`],
  ];
  test.each(written)("is taken %s", async (_name, change) => {
    expect((await logIn(change(JSON.stringify(key, null, 2)))).status).toBe(200);
  });

  const encoded: [string, (text: string) => string][] = [
    ["in base64", (text) => Buffer.from(text).toString("base64")],
    ["in base64 with line breaks", (text) => Buffer.from(text).toString("base64").replace(/.{76}/g, "$&\n")],
    ["in base64url", (text) => Buffer.from(text).toString("base64url")],
  ];
  test.each(encoded)("is taken %s as _json_key_base64", async (_name, change) => {
    expect((await logIn(change(JSON.stringify(key)), "_json_key_base64")).status).toBe(200);
  });

  test("marks the key as exposed, once", async () => {
    await logIn(JSON.stringify(key));
    const [first] = await server.serviceAccountKeys.list(account);
    server.clock.now += 120_000;
    await logIn(JSON.stringify(key));
    const [second] = await server.serviceAccountKeys.list(account);
    expect(first?.exposedAt).toBeNumber();
    expect(second?.exposedAt).toBe(first?.exposedAt as number);
  });

  test("is refused within its cached minute when the key is disabled, and taken again when it is enabled", async () => {
    const other = await server.account(await server.project("cached"), "robot");
    const text = JSON.stringify(other.key);
    expect((await logIn(text)).status).toBe(200);
    const [row] = await server.serviceAccountKeys.list(other.account);
    if (!row) throw new Error("no key");
    await server.serviceAccountKeys.setDisabled(row, true);
    expect((await logIn(text)).status).toBe(401);
    await server.serviceAccountKeys.setDisabled(row, false);
    expect((await logIn(text)).status).toBe(200);
    await server.serviceAccountKeys.delete(row);
    expect((await logIn(text)).status).toBe(401);
  });

  test("is refused over plain HTTP from another machine, and taken behind a trusted proxy that speaks HTTPS", async () => {
    const settings = { listenHost: "0.0.0.0", publicUrl: "https://registry.example", trustedProxies: ["10.0.0.0/8"] };
    const proxied = await startTestServer(settings, "10.1.2.3");
    const stranger = await startTestServer(settings, "192.0.2.7");
    try {
      for (const [from, headers, status] of [
        [proxied, { "x-forwarded-proto": "https" }, 200],
        [proxied, { "x-forwarded-proto": "http" }, 401],
        [proxied, {}, 401],
        [stranger, { "x-forwarded-proto": "https" }, 401],
      ] as const) {
        const { key: theirs } = await from.account(await from.project(`p-${Bun.randomUUIDv7().slice(-8)}`), "robot");
        const answer = await from.fetch("https://registry.example/v2/token", {
          headers: { ...basic("_json_key", JSON.stringify(theirs)), ...headers },
        });
        expect(answer.status).toBe(status);
      }
    } finally {
      await proxied.close();
      await stranger.close();
    }
  });
});

describe("an attacker without the private key is refused when they send", () => {
  const pem = (keyObject: KeyObject) => keyObject.export({ type: "pkcs8", format: "pem" }).toString();
  const own = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const withKey = (privateKey: string): string => JSON.stringify({ ...key, private_key: privateKey });

  /** PKCS#8 of a JWK whose numbers need not fit together; undefined where the library itself refuses to make one. */
  const forge = (change: (jwk: RsaNumbers) => RsaNumbers): string => {
    const jwk = createPrivateKey(key.private_key).export({ format: "jwk" });
    try {
      return pem(createPrivateKey({ key: change(jwk as RsaNumbers) as never, format: "jwk" }));
    } catch {
      return derOf(change(jwk as RsaNumbers));
    }
  };
  const foreign = own.export({ format: "jwk" }) as RsaNumbers;

  const attacks: [string, () => string][] = [
    ["a key of their own under the victim's key id", () => withKey(pem(own))],
    [
      "a foreign private exponent under the victim's modulus and exponent",
      () => withKey(forge(({ n, e, ...rest }) => ({ ...rest, ...foreign, n, e }) as RsaNumbers)),
    ],
    ["CRT values that are malformed", () => withKey(forge((jwk) => ({ ...jwk, dp: "AQ", dq: "AQ", qi: "AQ" })))],
    [
      "only the public key",
      () =>
        withKey(
          generateKeyPairSync("rsa", { modulusLength: 2048 })
            .publicKey.export({ type: "spki", format: "pem" })
            .toString(),
        ),
    ],
    ["a certificate", () => withKey("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")],
    [
      "a PKCS#1 key, even the right one",
      () => withKey(createPrivateKey(key.private_key).export({ type: "pkcs1", format: "pem" }).toString()),
    ],
    [
      "an encrypted key",
      () => withKey(own.export({ type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" }).toString()),
    ],
    ["an elliptic curve key", () => withKey(pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey))],
    ["a 1024-bit key", () => withKey(pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey))],
    ["a key of 16,384 bits, which would take seconds to use", () => withKey(sixteenThousandBits())],
    ["no key", () => withKey("")],
    ["an unknown key id", () => JSON.stringify({ ...key, private_key_id: "0".repeat(40) })],
    ["a key id that is a path", () => JSON.stringify({ ...key, private_key_id: "../../etc/passwd" })],
    ["a key file of another type", () => JSON.stringify({ ...key, type: "authorized_user" })],
    ["a key file of 100 KB", () => JSON.stringify({ ...key, padding: "x".repeat(30_000) })],
    ["JSON that is no object", () => "null"],
    ["no JSON", () => "{"],
  ];
  test.each(attacks)("%s", async (_name, password) => {
    const answer = await logIn(password());
    expect(answer.status).toBe(401);
    const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] };
    expect(errors[0]?.code).toBe("UNAUTHORIZED");
    expect(errors[0]?.message).not.toContain("PRIVATE KEY");
    expect(server.logged).toEqual([]);
  });
});

/** A 16k-bit key would take minutes to make; its size is what is tested, so its numbers are made up. */
function sixteenThousandBits(): string {
  const number = Buffer.alloc(2048, 0xab).toString("base64url");
  return derOf({ n: number, e: "AQAB", d: number, p: number, q: number, dp: number, dq: number, qi: number });
}

/** PKCS#8 PEM of RSA numbers that no library would accept (RFC 8017 appendix A.1.2, RFC 5208). */
function derOf({ n, e, d, p, q, dp, dq, qi }: RsaNumbers): string {
  const numbers = [n, e, d, p, q, dp, dq, qi].map((text) => integer(Buffer.from(text ?? "", "base64url")));
  const rsa = sequence(Buffer.concat([integer(Buffer.from([0])), ...numbers]));
  const algorithm = sequence(Buffer.from("06092a864886f70d0101010500", "hex"));
  const der = sequence(Buffer.concat([integer(Buffer.from([0])), algorithm, tagged(0x04, rsa)]));
  const lines = der.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function sequence(content: Buffer): Buffer {
  return tagged(0x30, content);
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
