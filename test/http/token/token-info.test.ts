import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import type { KeyFile } from "../../../src/identity/key-file.ts";
import { scope } from "../../../src/identity/scopes.ts";
import type { ServiceAccountRow } from "../../../src/storage/metadata/service-accounts.ts";
import { assertionOf, encode, jwtBearer } from "../../jwt.ts";
import { basic, bearer, origin, startTestServer, type TestServer } from "../../server.ts";

/** What tokens say to whoever has one, how they are verified elsewhere, and how they end. */
let server: TestServer;
let account: ServiceAccountRow;
let key: KeyFile;
beforeAll(async () => {
  server = await startTestServer();
  ({ account, key } = await server.account(await server.project("demo"), "robot"));
});
afterAll(() => server.close());

const newToken = () => server.accessToken(account, key, [scope.storageReadOnly]);
async function ask(path: string, init: RequestInit = {}) {
  const response = await server.fetch(path, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}
const post = (path: string, form: Record<string, string>) =>
  ask(path, { method: "POST", body: new URLSearchParams(form) });
async function newIdToken(): Promise<string> {
  const claims = { scope: undefined, target_audience: "https://them.example" };
  const assertion = assertionOf(key, server.clock.now, claims);
  return (await post("/token", { grant_type: jwtBearer, assertion })).body.id_token;
}

describe("an id_token", () => {
  test("is verified by others with what discovery leads to", async () => {
    const discovery = await ask("/.well-known/openid-configuration");
    expect(discovery.body).toMatchObject({ issuer: origin, jwks_uri: `${origin}/jwks` });
    expect(discovery.headers.get("cache-control")).toBe("public, max-age=3600");
    const { body, headers } = await ask("/jwks");
    expect(headers.get("cache-control")).toBe("public, max-age=3600");
    expect(JSON.stringify(body)).not.toMatch(/"(?:d|p|q|dp|dq|qi)":/);
    const options = { issuer: origin, audience: "https://them.example", currentDate: new Date(server.clock.now) };
    const { payload } = await jwtVerify(await newIdToken(), createLocalJWKSet(body as JSONWebKeySet), options);
    expect(payload).toMatchObject({ azp: account.id, sub: account.id, email: account.email, email_verified: true });
  });

  test("is verified after a rotation that came after the others read the key set", async () => {
    await server.signingKeys.maintain(1e15);
    const { body } = await ask("/jwks");
    expect(body.keys).toHaveLength(2);
    const before = await newIdToken();
    server.clock.now += 3_600_000;
    await server.signingKeys.rotate();
    const options = {
      issuer: origin,
      audience: "https://them.example",
      currentDate: new Date(server.clock.now),
      clockTolerance: 60,
    };
    for (const token of [before, await newIdToken()])
      await jwtVerify(token, createLocalJWKSet(body as JSONWebKeySet), options);
    expect((await ask("/jwks")).body.keys).toHaveLength(3);
  });
});

describe("/tokeninfo", () => {
  test("says whose an access token is, and for what, in Google's words", async () => {
    const expected = {
      azp: account.id,
      aud: account.id,
      sub: account.id,
      email: account.email,
      email_verified: "true",
      scope: scope.storageReadOnly,
      expires_in: "3600",
      exp: String(Math.floor(server.clock.now / 1000) + 3600),
      access_type: "online",
    };
    expect((await ask("/tokeninfo", { headers: bearer(newToken()) })).body).toEqual(expected);
    expect((await post("/tokeninfo", { access_token: newToken() })).body).toEqual(expected);
  });

  test("says what is in an id_token of ours", async () => {
    const { body } = await post("/tokeninfo", { id_token: await newIdToken() });
    expect(body).toMatchObject({ iss: origin, aud: "https://them.example", email_verified: "true" });
  });

  const bad: [string, () => Promise<Record<string, string>>][] = [
    ["a made-up token", async () => ({ access_token: "wba_x.y.z" })],
    ["nothing", async () => ({})],
    ["an id_token as an access token", async () => ({ access_token: await newIdToken() })],
    ["an access token as an id_token", async () => ({ id_token: newToken() })],
    [
      "an id_token with alg none",
      async () => ({ id_token: `${encode({ alg: "none" })}.${(await newIdToken()).split(".")[1]}.` }),
    ],
    ["an id_token with another signature", async () => ({ id_token: `${(await newIdToken()).slice(0, -8)}AAAAAAAA` })],
  ];
  test.each(bad)("refuses %s", async (_name, form) => {
    expect(await post("/tokeninfo", await form())).toMatchObject({ status: 400, body: { error: "invalid_token" } });
  });

  test.each(["/tokeninfo?access_token=", "/tokeninfo?id_token=", "/userinfo?access_token=", "/v1/introspect?token="])(
    "%s is refused: a token in a URL is written down everywhere",
    async (path) => {
      expect(await ask(path + newToken())).toMatchObject({ status: 400, body: { error: "invalid_request" } });
    },
  );
});

describe("/userinfo and /v1/introspect", () => {
  test("say who the bearer is", async () => {
    expect((await ask("/userinfo", { headers: bearer(newToken()) })).body).toMatchObject({
      sub: account.id,
      email: account.email,
    });
    expect((await post("/v1/introspect", { token: newToken() })).body).toMatchObject({
      active: true,
      username: `serviceAccount:${account.email}`,
      scope: scope.storageReadOnly,
    });
  });

  test("say nothing of a token that is none", async () => {
    const { status, headers } = await ask("/userinfo", { headers: bearer("wba_x") });
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toContain("invalid_token");
    expect((await ask("/userinfo")).status).toBe(401);
    expect(await post("/v1/introspect", { token: "wba_x" })).toMatchObject({ status: 200, body: { active: false } });
  });
});

describe("/revoke", () => {
  test("ends an access token at once, with the registry tokens that were made of it", async () => {
    const token = newToken();
    const made = await server.fetch("/v2/token", { headers: basic("oauth2accesstoken", token) });
    const { token: registryToken } = (await made.json()) as { token: string };
    const statuses = async () => [
      (await ask("/userinfo", { headers: bearer(token) })).status,
      (await server.fetch("/v2/", { headers: bearer(registryToken) })).status,
      (await server.fetch("/v2/token", { headers: basic("oauth2accesstoken", token) })).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await post("/revoke", { token })).status).toBe(200);
    expect(await statuses()).toEqual([401, 401, 401]);
    expect((await ask("/userinfo", { headers: bearer(newToken()) })).status).toBe(200);
  });

  test("takes no token in a URL", async () => {
    const token = newToken();
    await ask(`/revoke?token=${token}`, { method: "POST", body: new URLSearchParams() });
    expect((await ask("/userinfo", { headers: bearer(token) })).status).toBe(200);
  });
});
