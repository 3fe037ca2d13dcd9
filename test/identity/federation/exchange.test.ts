import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHmac, generateKeyPairSync } from "node:crypto";
import type { ProviderSettings } from "../../../src/identity/federation/provider-settings.ts";
import { audienceOf, type Provider } from "../../../src/identity/federation/workload-identity.ts";
import { scope } from "../../../src/identity/scopes.ts";
import type { ProjectRow } from "../../../src/storage/metadata/projects.ts";
import type { PoolRow } from "../../../src/storage/metadata/workload-identity.ts";
import { encode, signJwt } from "../../jwt.ts";
import { basic, bearer, startTestServer, type TestServer } from "../../server.ts";
import { Issuer } from "./issuer.ts";

/** `/v1/token`: an outside token of a workload buys one of ours, and what that one is worth. */
let server: TestServer;
let issuer: Issuer;
let project: ProjectRow;
let pool: PoolRow;
let provider: Provider;
let audience: string;
let counter = 0;

beforeAll(async () => {
  issuer = new Issuer();
  server = await startTestServer({}, "127.0.0.1", {}, [issuer.host]);
  project = await server.project("demo");
  pool = await server.workloadIdentity.createPool(project, "ci-pool", {});
});
afterAll(async () => {
  issuer[Symbol.dispose]();
  await server.close();
});
beforeEach(async () => {
  server.clock.now += 3_600_000;
  provider = await newProvider();
  audience = audienceOf(pool, provider);
});

const mapping = {
  "google.subject": "assertion.sub",
  "google.groups": "assertion.groups",
  "attribute.repository": "assertion.repository",
};
const claims = { sub: "repo:org/app:ref:refs/heads/main", repository: "org/app", groups: ["release"] };

async function newProvider(change: Partial<ProviderSettings> = {}): Promise<Provider> {
  const settings: ProviderSettings = {
    issuerUri: issuer.url,
    allowedAudiences: [],
    jwksJson: undefined,
    attributeMapping: mapping,
    attributeCondition: "",
    ...change,
  };
  return await server.workloadIdentity.createProvider(pool, `provider-${++counter}`, {}, settings);
}

const parameters = (subjectToken: string) => ({
  grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
  audience,
  scope: scope.cloudPlatform,
  requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
  subject_token: subjectToken,
  subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
});
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Answer = { status: number; body: any };
async function post(path: string, init: RequestInit): Promise<Answer> {
  const response = await server.fetch(path, { method: "POST", ...init });
  return { status: response.status, body: await response.json() };
}
const exchange = (subjectToken: string, change: Record<string, string> = {}) =>
  post("/v1/token", { body: new URLSearchParams({ ...parameters(subjectToken), ...change }) });
const subjectToken = (change: object = {}, header: object = {}) =>
  issuer.sign({ aud: audience, ...claims, ...change }, server.clock.now, header);
const poolName = () => `iam.googleapis.com/projects/${project.id}/locations/global/workloadIdentityPools/ci-pool`;

describe("an exchange", () => {
  test("gives a token for an hour, in RFC 8693's words", async () => {
    const { status, body } = await exchange(subjectToken());
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^wba_/),
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: 3600,
    });
  });

  test("takes Google's JSON, too", async () => {
    const camel = Object.fromEntries(
      Object.entries(parameters(subjectToken())).map(([name, value]) => [
        name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        value,
      ]),
    );
    const headers = { "content-type": "application/json; charset=utf-8" };
    expect((await post("/v1/token", { body: JSON.stringify(camel), headers })).status).toBe(200);
    expect((await post("/v1/token", { body: "[]", headers })).body.error).toBe("invalid_request");
  });

  test("takes the same subject token again: libraries read it from its file until it has expired", async () => {
    const token = subjectToken({ jti: "one" });
    expect((await exchange(token)).status).toBe(200);
    expect((await exchange(token)).status).toBe(200);
  });

  const audiences: [string, () => object, Partial<ProviderSettings>, number][] = [
    ["the provider's name", () => ({}), {}, 200],
    ["the provider's name as a URL", () => ({ aud: `https:${audience}` }), {}, 200],
    ["several, the provider's name among them", () => ({ aud: ["x", audience] }), {}, 200],
    ["one that was allowed", () => ({ aud: "our-registry" }), { allowedAudiences: ["our-registry"] }, 200],
    ["the provider's name where others were allowed", () => ({}), { allowedAudiences: ["our-registry"] }, 400],
    ["another provider's name", () => ({ aud: `${audience}x` }), {}, 400],
    ["none", () => ({ aud: undefined }), {}, 400],
  ];
  test.each(audiences)("answers the audience: %s", async (_name, change, settings, status) => {
    provider = await newProvider(settings);
    audience = audienceOf(pool, provider);
    expect((await exchange(subjectToken(change()))).status).toBe(status);
  });

  test("takes a token signed with an uploaded key, and asks nobody", async () => {
    using other = new Issuer("ES256");
    provider = await newProvider({
      issuerUri: "https://kubernetes.default.svc",
      jwksJson: JSON.stringify(other.jwks()),
    });
    audience = audienceOf(pool, provider);
    const token = other.sign({ iss: "https://kubernetes.default.svc", aud: audience, ...claims }, server.clock.now);
    expect((await exchange(token)).status).toBe(200);
    expect(other.asked).toEqual([]);
  });

  test("finds a key that the issuer has only just made, and asks for an invented one twice a minute at most", async () => {
    expect((await exchange(subjectToken())).status).toBe(200);
    issuer.rotate();
    server.clock.now += 60_000;
    expect((await exchange(subjectToken())).status).toBe(200);
    const before = issuer.asked.length;
    for (let index = 0; index < 5; index++)
      expect((await exchange(subjectToken({}, { kid: `made-up-${index}` }))).status).toBe(400);
    expect(issuer.asked.length).toBe(before);
  });
});

describe("an exchange is refused", () => {
  const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const payload = () => subjectToken().split(".")[1] ?? "";
  const bad: [string, () => string][] = [
    ["with alg none", () => `${encode({ alg: "none" })}.${payload()}.`],
    [
      "with HS256 under the issuer's public key",
      () => {
        const signed = `${encode({ alg: "HS256", kid: issuer.kid })}.${payload()}`;
        const secret = issuer.publicKey.export({ type: "spki", format: "pem" }).toString();
        return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
      },
    ],
    [
      "with its own key embedded",
      () =>
        signJwt(
          { alg: "RS256", jwk: own.publicKey.export({ format: "jwk" }) },
          JSON.parse(Buffer.from(payload(), "base64url").toString()),
          own.privateKey,
        ),
    ],
    [
      "signed by another key under the issuer's kid",
      () =>
        signJwt(
          { alg: "RS256", kid: issuer.kid },
          JSON.parse(Buffer.from(payload(), "base64url").toString()),
          own.privateKey,
        ),
    ],
    ["with the URL of a key set", () => subjectToken({}, { jku: "https://evil.example/jwks" })],
    ["with the URL of a certificate", () => subjectToken({}, { x5u: "https://evil.example/cert" })],
    ["with a certificate", () => subjectToken({}, { x5c: ["MII"] })],
    ["with a critical extension", () => subjectToken({}, { crit: ["x"], x: 1 })],
    ["with a kid that is a path", () => subjectToken({}, { kid: "../../dev/null" })],
    ["with a kid that is SQL", () => subjectToken({}, { kid: "' or 1=1 --" })],
    ["with a kid that is no text", () => subjectToken({}, { kid: 1 })],
    ["of another type", () => subjectToken({}, { typ: "logout+jwt" })],
    ["of another issuer", () => subjectToken({ iss: "https://other.example" })],
    ["of an issuer whose name begins like ours", () => subjectToken({ iss: `${issuer.url}/x` })],
    ["of no issuer", () => subjectToken({ iss: undefined })],
    ["that has expired", () => issuer.sign({ aud: audience, ...claims }, server.clock.now - 361_000)],
    ["that never expires", () => subjectToken({ exp: undefined })],
    ["that lives longer than a day", () => subjectToken({ exp: Math.floor(server.clock.now / 1000) + 86_401 })],
    ["from the future", () => issuer.sign({ aud: audience, ...claims }, server.clock.now + 62_000)],
    ["that is not yet valid", () => subjectToken({ nbf: Math.floor(server.clock.now / 1000) + 61 })],
    ["without a subject", () => subjectToken({ sub: undefined })],
    ["with an empty subject", () => subjectToken({ sub: "" })],
    ["with a subject that is no text", () => subjectToken({ sub: 7 })],
    ["with a subject of 128 bytes", () => subjectToken({ sub: "x".repeat(128) })],
    ["with a line break in a claim", () => subjectToken({ sub: "a\nb" })],
    ["with groups that are no list", () => subjectToken({ groups: "release" })],
    ["with too many groups", () => subjectToken({ groups: Array.from({ length: 41 }, (_, index) => `g${index}`) })],
    ["of 1 MB", () => `${"a".repeat(1_000_000)}.b.c`],
    ["of 20 KB", () => subjectToken({ padding: "x".repeat(20_000) })],
    ["that is three dots", () => "..."],
    ["that is null", () => "bnVsbA.bnVsbA.bnVsbA"],
  ];
  test.each(bad)("for a token %s", async (_name, token) => {
    expect((await exchange(token())).status).toBe(400);
    expect(server.logged).toEqual([]);
  });

  test("60 seconds around its end a token is taken, and no longer", async () => {
    expect((await exchange(issuer.sign({ aud: audience, ...claims }, server.clock.now - 359_000))).status).toBe(200);
    expect((await exchange(issuer.sign({ aud: audience, ...claims }, server.clock.now + 59_000))).status).toBe(200);
  });

  const wrong: [string, Record<string, string>, string][] = [
    ["another grant", { grant_type: "password" }, "unsupported_grant_type"],
    [
      "another kind of subject token",
      { subject_token_type: "urn:ietf:params:oauth:token-type:saml2" },
      "invalid_request",
    ],
    ["a wish for another kind", { requested_token_type: "urn:ietf:params:oauth:token-type:jwt" }, "invalid_request"],
    ["no scope", { scope: "" }, "invalid_scope"],
    [
      "a provider that is not there",
      { audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/none/providers/none" },
      "invalid_target",
    ],
    ["an audience that is none", { audience: "x" }, "invalid_target"],
  ];
  test.each(wrong)("with %s", async (_name, change, error) => {
    expect(await exchange(subjectToken(), change)).toMatchObject({ status: 400, body: { error } });
  });

  test("with a parameter that comes twice", async () => {
    const body = new URLSearchParams(parameters(subjectToken()));
    body.append("audience", "other");
    expect(await post("/v1/token", { body })).toMatchObject({ status: 400, body: { error: "invalid_request" } });
  });

  test("with the key of another provider's issuer", async () => {
    using other = new Issuer();
    const token = other.sign({ iss: issuer.url, aud: audience, ...claims }, server.clock.now);
    expect((await exchange(token)).status).toBe(400);
  });

  test("with a registry token or an access token as the subject token", async () => {
    const { access_token: token } = (await exchange(subjectToken())).body;
    expect((await exchange(token)).status).toBe(400);
  });
});

describe("an attribute condition", () => {
  const conditions: [string, number][] = [
    ["assertion.repository == 'org/app'", 200],
    ["attribute.repository.startsWith('org/')", 200],
    ["google.subject.endsWith('refs/heads/main') && 'release' in google.groups", 200],
    ["assertion.repository == 'org/other'", 400],
    ["assertion.nothing == 'x'", 400],
    ["assertion.repository", 400],
    ["has(assertion.nothing) || assertion.repository.matches('^org/[a-z]+$')", 200],
  ];
  test.each(conditions)("%s answers with %d", async (attributeCondition, status) => {
    provider = await newProvider({ attributeCondition });
    audience = audienceOf(pool, provider);
    expect((await exchange(subjectToken())).status).toBe(status);
  });
});

describe("a federated token", () => {
  const federated = async () => (await exchange(subjectToken())).body.access_token as string;
  const mayPull = async (token: string) => {
    const path = "/v2/token?scope=repository:demo/app:pull";
    const answer = await server.fetch(path, { headers: basic("oauth2accesstoken", token) });
    return ((await answer.json()) as { scope?: string }).scope === "repository:demo/app:pull";
  };
  const members: [string, () => string, boolean][] = [
    ["its subject", () => `principal://${poolName()}/subject/${claims.sub}`, true],
    ["an attribute", () => `principalSet://${poolName()}/attribute.repository/org/app`, true],
    ["a group", () => `principalSet://${poolName()}/group/release`, true],
    ["the whole pool", () => `principalSet://${poolName()}/*`, true],
    ["allUsers", () => "allUsers", true],
    ["another subject", () => `principal://${poolName()}/subject/repo:org/app`, false],
    ["another value", () => `principalSet://${poolName()}/attribute.repository/org/apple`, false],
    ["an attribute that is not mapped", () => `principalSet://${poolName()}/attribute.sub/${claims.sub}`, false],
    ["another group", () => `principalSet://${poolName()}/group/releases`, false],
    ["another pool", () => `principalSet://${poolName()}x/*`, false],
    ["allAuthenticatedUsers, which means accounts and users", () => "allAuthenticatedUsers", false],
  ];
  test.each(members)("gets what is granted to %s", async (_name, member, expected) => {
    const bindings = [{ role: "roles/artifactregistry.reader", members: [member()] }];
    await server.policies.set(`project/${project.id}`, { bindings });
    expect(await mayPull(await federated())).toBe(expected);
  });

  test("is told who it is where it is refused", async () => {
    await server.policies.set(`project/${project.id}`, { bindings: [] });
    const answer = await server.fetch("/v1/projects/demo", { headers: bearer(await federated()) });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain(`principal://${poolName()}/subject/${claims.sub} does not have`);
  });

  test("becomes a service account that it was let become", async () => {
    const { account } = await server.account(project, `robot-${++counter}`);
    const path = `/v1/projects/-/serviceAccounts/${account.email}:generateAccessToken`;
    const headers = { ...bearer(await federated()), "content-type": "application/json" };
    const ask = () => post(path, { body: JSON.stringify({ scope: [scope.cloudPlatform] }), headers });
    expect((await ask()).status).toBe(403);
    const member = `principalSet://${poolName()}/attribute.repository/org/app`;
    await server.grant(`serviceAccount/${account.id}`, member, "roles/iam.workloadIdentityUser");
    const { status, body } = await ask();
    expect(status).toBe(200);
    await server.grant(`project/${project.id}`, `serviceAccount:${account.id}`, "roles/viewer");
    const probe = async () => (await server.fetch("/v1/projects/demo", { headers: bearer(body.accessToken) })).status;
    expect(await probe()).toBe(200);
    await server.workloadIdentity.updateProvider(provider, { disabled: true }, {});
    expect(await probe()).toBe(401);
  });

  test("that is bound to a workload is taken from that one, and what it becomes is too", async () => {
    const { account } = await server.account(project, `robot-${++counter}`, [
      [`project/${project.id}`, "roles/viewer"],
    ]);
    const set = `principalSet://${poolName()}/attribute.repository/org/app`;
    await server.grant(`serviceAccount/${account.id}`, set, "roles/iam.workloadIdentityUser");
    const tokenFor = async (bound_workload: string) =>
      (await exchange(subjectToken(), { bound_workload })).body.access_token as string;
    const path = `/v1/projects/-/serviceAccounts/${account.email}:generateAccessToken`;
    const become = async (token: string) => {
      const headers = { ...bearer(token), "content-type": "application/json" };
      return await post(path, { body: JSON.stringify({ scope: [scope.cloudPlatform], boundWorkload: set }), headers });
    };
    const { status, body } = await become(await tokenFor(`principal://${poolName()}/subject/${claims.sub}`));
    expect(status).toBe(200);
    expect((await server.fetch("/v1/projects/demo", { headers: bearer(body.accessToken) })).status).toBe(200);
    expect((await become(await tokenFor(`principal://${poolName()}/subject/other`))).status).toBe(401);
  });

  const ends: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    [
      "its provider is disabled",
      () => server.workloadIdentity.updateProvider(provider, { disabled: true }, {}),
      () => server.workloadIdentity.updateProvider(provider, { disabled: false }, {}),
    ],
    [
      "its provider is deleted",
      () => server.workloadIdentity.setProviderDeleted(provider, true),
      () => server.workloadIdentity.setProviderDeleted(provider, false),
    ],
    [
      "its pool is disabled",
      () => server.workloadIdentity.updatePool(pool, { disabled: true }),
      () => server.workloadIdentity.updatePool(pool, { disabled: false }),
    ],
    [
      "its pool is deleted",
      () => server.workloadIdentity.setPoolDeleted(pool, true),
      () => server.workloadIdentity.setPoolDeleted(pool, false),
    ],
  ];
  test.each(ends)("is refused at once when %s, and so is the registry token made of it", async (_name, end, undo) => {
    const token = await federated();
    const made = await server.fetch("/v2/token", { headers: basic("oauth2accesstoken", token) });
    const { token: registryToken } = (await made.json()) as { token: string };
    const statuses = async () => [
      (await server.fetch("/v1/projects", { headers: bearer(token) })).status,
      (await server.fetch("/v2/", { headers: bearer(registryToken) })).status,
      (await exchange(subjectToken())).status,
    ];
    expect(await statuses()).toEqual([200, 200, 200]);
    await end();
    expect(await statuses()).toEqual([401, 401, 400]);
    await undo();
    expect(await statuses()).toEqual([200, 200, 200]);
  });
});
