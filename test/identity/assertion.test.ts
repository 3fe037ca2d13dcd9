import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { decodeJwt, decodeProtectedHeader } from "jose";
import type { KeyFile } from "../../src/identity/key-file.ts";
import type { ServiceAccountRow } from "../../src/storage/metadata/service-accounts.ts";
import { assertionOf, encode, googleAudience, jwtBearer, signJwt } from "../jwt.ts";
import { basic, bearer, origin, startTestServer, type TestServer } from "../server.ts";

let server: TestServer;
let account: ServiceAccountRow;
let key: KeyFile;
/** Another account's key, and a key that was made elsewhere. */
let foreign: KeyFile;
let uploaded: KeyFile;

beforeAll(async () => {
  server = await startTestServer();
  const project = await server.project("demo");
  ({ account, key } = await server.account(project, "robot"));
  ({ key: foreign } = await server.account(project, "other"));
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const row = await server.serviceAccountKeys.upload(
    account,
    pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
  );
  const privateKey = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  uploaded = { ...key, private_key_id: row.id, private_key: privateKey };
});
afterAll(() => server.close());

const seconds = () => Math.floor(server.clock.now / 1000);
const exchange = async (assertion: string, form: Record<string, string> = {}) => {
  const body = new URLSearchParams({ grant_type: jwtBearer, assertion, ...form });
  const answer = await server.fetch("/token", { method: "POST", body });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
};

describe("the assertion grant", () => {
  test("gives gcloud an access token for its scopes", async () => {
    const { status, body } = await exchange(assertionOf(key, server.clock.now));
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: "Bearer", expires_in: 3600 });
    expect(body.access_token).toStartWith("wba_");
    expect(body.access_token).not.toContain(":");
  });

  test("gives an id_token for a target audience, signed with RS256", async () => {
    const { body } = await exchange(assertionOf(key, server.clock.now, { scope: undefined, target_audience: "them" }));
    const header = decodeProtectedHeader(body.id_token ?? "");
    const payload = decodeJwt(body.id_token ?? "");
    expect(header).toMatchObject({ alg: "RS256" });
    expect(payload).toMatchObject({ iss: origin, aud: "them", sub: account.id, email: account.email });
  });

  test("takes the same bytes twice where they carry no jti, as two gcloud runs in one second send them", async () => {
    const assertion = assertionOf(key, server.clock.now);
    expect((await exchange(assertion)).status).toBe(200);
    expect((await exchange(assertion)).status).toBe(200);
  });

  test("takes an assertion with a jti once", async () => {
    const assertion = assertionOf(key, server.clock.now, { jti: "once" });
    expect((await exchange(assertion)).status).toBe(200);
    expect(await exchange(assertion)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  });

  const lifetimes: [string, number][] = [
    ["60", 200],
    ["43200", 200],
    ["59", 400],
    ["43201", 400],
    ["1e3x", 400],
    ["", 400],
  ];
  test.each(lifetimes)("answers a lifetime of %p seconds with %d", async (lifetime, status) => {
    expect((await exchange(assertionOf(key, server.clock.now), { lifetime })).status).toBe(status);
  });

  test("refuses other grants and other bodies in OAuth's words", async () => {
    const other = await server.fetch("/token", {
      method: "POST",
      body: new URLSearchParams({ grant_type: "password" }),
    });
    expect(await other.json()).toMatchObject({ error: "unsupported_grant_type" });
    const json = await server.fetch("/token", {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect(await json.json()).toMatchObject({ error: "invalid_request" });
    const long = await server.fetch("/token", {
      method: "POST",
      body: new URLSearchParams({ assertion: "x".repeat(1_000_000) }),
    });
    expect(await long.json()).toMatchObject({ error: "invalid_request" });
  });
});

describe("an assertion is taken", () => {
  const good: [string, () => string][] = [
    ["for our token endpoint", () => assertionOf(key, server.clock.now, { aud: `${origin}/token` })],
    [
      "for our token endpoint under loopback's other name",
      () => assertionOf(key, server.clock.now, { aud: "http://127.0.0.1:9/token" }),
    ],
    [
      "for several audiences, one of them ours",
      () => assertionOf(key, server.clock.now, { aud: ["x", `${origin}/token`] }),
    ],
    ["without a kid, as Node's library sends it", () => assertionOf(key, server.clock.now, {}, { kid: undefined })],
    [
      "without an audience, self-signed",
      () => assertionOf(key, server.clock.now, { aud: undefined, sub: key.client_email }),
    ],
    [
      "with an audience of no letters, as docker-credential-gcr 2.2 signs it",
      () => assertionOf(key, server.clock.now, { aud: "", sub: key.client_email }),
    ],
    ["with the account's unique id as its issuer", () => assertionOf(key, server.clock.now, { iss: account.id })],
    ["60 seconds early", () => assertionOf(key, server.clock.now + 60_000)],
    ["59 seconds late", () => assertionOf(key, server.clock.now - 3_659_000)],
    [
      "of an uploaded key for our token endpoint",
      () => assertionOf(uploaded, server.clock.now, { aud: `${origin}/token` }),
    ],
  ];
  test.each(good)("%s", async (_name, assertion) => {
    expect(await exchange(assertion())).toMatchObject({ status: 200 });
  });
});

describe("an assertion is refused", () => {
  const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const bad: [string, () => string][] = [
    ["with alg none", () => `${encode({ alg: "none" })}.${assertionOf(key, server.clock.now).split(".")[1]}.`],
    [
      "with HS256 under the public key",
      () => {
        const claims = assertionOf(key, server.clock.now).split(".")[1];
        const signed = `${encode({ alg: "HS256", kid: key.private_key_id })}.${claims}`;
        const secret = own.publicKey.export({ type: "spki", format: "pem" }).toString();
        return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
      },
    ],
    [
      "with its own key embedded",
      () =>
        signJwt(
          { alg: "RS256", jwk: own.publicKey.export({ format: "jwk" }) },
          { iss: key.client_email, aud: googleAudience, iat: seconds(), exp: seconds() + 60, scope: "x" },
          own.privateKey,
        ),
    ],
    ["with the URL of a key set", () => assertionOf(key, server.clock.now, {}, { jku: "https://evil.example/jwks" })],
    [
      "with the URL of a certificate",
      () => assertionOf(key, server.clock.now, {}, { x5u: "https://evil.example/cert" }),
    ],
    ["with a critical extension", () => assertionOf(key, server.clock.now, {}, { crit: ["x"], x: 1 })],
    ["with a kid that is a path", () => assertionOf(key, server.clock.now, {}, { kid: "../../dev/null" })],
    ["with a kid that is SQL", () => assertionOf(key, server.clock.now, {}, { kid: "' or 1=1 --" })],
    ["of another type", () => assertionOf(key, server.clock.now, {}, { typ: "waybill-access+jwt" })],
    [
      "signed by another account's key",
      () => assertionOf({ ...foreign, client_email: key.client_email }, server.clock.now),
    ],
    [
      "signed by another account's key without a kid",
      () => assertionOf({ ...foreign, client_email: key.client_email }, server.clock.now, {}, { kid: undefined }),
    ],
    [
      "signed by a key of nobody",
      () =>
        signJwt(
          { alg: "RS256", kid: key.private_key_id },
          { iss: key.client_email, aud: googleAudience, iat: seconds(), exp: seconds() + 60, scope: "x" },
          own.privateKey,
        ),
    ],
    [
      "altered after signing",
      () =>
        assertionOf(key, server.clock.now).replace(
          /\.([^.]+)\./,
          (_all, payload) =>
            `.${encode({ ...JSON.parse(Buffer.from(payload, "base64url").toString()), scope: "more" })}.`,
        ),
    ],
    [
      "of an unknown account",
      () => assertionOf({ ...key, client_email: "nobody@demo.iam.waybill.internal" }, server.clock.now),
    ],
    ["that has expired", () => assertionOf(key, server.clock.now - 3_661_000)],
    ["that is from the future", () => assertionOf(key, server.clock.now + 62_000)],
    ["that is not yet valid", () => assertionOf(key, server.clock.now, { nbf: seconds() + 61 })],
    ["that lives longer than an hour", () => assertionOf(key, server.clock.now, { exp: seconds() + 3601 })],
    ["that never expires", () => assertionOf(key, server.clock.now, { exp: undefined })],
    ["for another server", () => assertionOf(key, server.clock.now, { aud: "https://other.example/token" })],
    [
      "for another server whose name begins like ours",
      () => assertionOf(key, server.clock.now, { aud: "http://localhost.evil.example/token" }),
    ],
    ["for a scheme that is not HTTP", () => assertionOf(key, server.clock.now, { aud: "ftp://localhost:5000/token" })],
    ["in somebody else's name", () => assertionOf(key, server.clock.now, { sub: foreign.client_email })],
    ["without audience and subject", () => assertionOf(key, server.clock.now, { aud: undefined })],
    [
      "without audience and scope",
      () => assertionOf(key, server.clock.now, { aud: undefined, sub: key.client_email, scope: undefined }),
    ],
    ["of an uploaded key for Google's audience", () => assertionOf(uploaded, server.clock.now)],
    [
      "of an uploaded key without an audience",
      () => assertionOf(uploaded, server.clock.now, { aud: undefined, sub: key.client_email }),
    ],
    [
      "of an uploaded key with an audience of no letters",
      () => assertionOf(uploaded, server.clock.now, { aud: "", sub: key.client_email }),
    ],
    ["with an audience of no letters and no subject", () => assertionOf(key, server.clock.now, { aud: "" })],
    ["with one among several", () => assertionOf(key, server.clock.now, { aud: ["", "x"], sub: key.client_email })],
    ["of 100 KB", () => `${"a".repeat(100_000)}.b.c`],
    ["that is empty", () => ""],
    ["that is three dots", () => "..."],
  ];
  test.each(bad)("%s", async (_name, assertion) => {
    expect(await exchange(assertion())).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    const password = basic("oauth2accesstoken", assertion());
    if (assertion() !== "") expect((await server.fetch("/v2/token", { headers: password })).status).toBe(401);
    expect(server.logged).toEqual([]);
  });
});

describe("a self-signed JWT", () => {
  const selfSigned = () => assertionOf(key, server.clock.now, { aud: undefined, sub: key.client_email });
  const usernames = [
    "oauth2accesstoken",
    "_token",
    "_dcgcloud_token",
    "gclouddockertoken",
    "_dcgcr_2_1_32_token",
    "_dcgcr_0_0_0_token",
  ];

  test.each(usernames)("is a password for %s", async (username) => {
    expect((await server.fetch("/v2/token", { headers: basic(username, selfSigned()) })).status).toBe(200);
    expect((await server.fetch("/v2/", { headers: basic(username, selfSigned()) })).status).toBe(200);
  });

  test("is a bearer token on /v2/", async () => {
    expect((await server.fetch("/v2/", { headers: bearer(selfSigned()) })).status).toBe(200);
  });

  test.each(["alice", "_dcgcr_token", "_dcgcr_2__1_token", "_json_key", "<token>", ""])(
    "is no password for %p",
    async (username) => {
      expect((await server.fetch("/v2/token", { headers: basic(username, selfSigned()) })).status).toBe(401);
    },
  );
});
