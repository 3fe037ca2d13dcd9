import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { audienceOf } from "../../src/identity/federation/workload-identity.ts";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { scope } from "../../src/identity/scopes.ts";
import type { ProjectRow } from "../../src/storage/metadata/projects.ts";
import type { ServiceAccountRow } from "../../src/storage/metadata/service-accounts.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { basic, bearer, startTestServer, type TestServer } from "../server.ts";
import { Issuer } from "./federation/issuer.ts";

/** What is bound to a workload, and what an attacker gets who has something else: a key, an old token, another account, a copy. */
let server: TestServer;
let issuer: Issuer;
let shop: ProjectRow;
let audience: string;
let pool: string;
let deployer: { account: ServiceAccountRow; key: KeyFile };
let counter = 0;
/** The certificate that requests come with, as the proxy says; empty for none. */
let certificate = "";
const own = Buffer.from("the workload's certificate").toString("base64");
const another = Buffer.from("a thief's certificate").toString("base64");

beforeAll(async () => {
  issuer = new Issuer();
  const proxies = { trustedProxies: ["192.0.2.1"], publicUrl: "https://r.example", clientCertificates: true };
  server = await startTestServer(proxies, "192.0.2.1");
  shop = await server.project("shop");
  const row = await server.workloadIdentity.createPool(shop, "ci-pool", {});
  const provider = await server.workloadIdentity.createProvider(
    row,
    "ci-provider",
    {},
    {
      issuerUri: issuer.url,
      allowedAudiences: [],
      jwksJson: JSON.stringify(issuer.jwks()),
      attributeMapping: { "google.subject": "assertion.sub", "attribute.repository": "assertion.repository" },
      attributeCondition: "",
    },
  );
  audience = audienceOf(row, provider);
  pool = audience.replace(/\/providers\/.*$/, "");
  const pusher = await server.account(shop, "pusher", [[`project/${shop.id}`, "roles/owner"]]);
  await pushImage(server, "shop/app", "1", smallImage("a"), server.accessToken(pusher.account, pusher.key));
});
afterAll(async () => {
  issuer[Symbol.dispose]();
  await server.close();
});
beforeEach(async () => {
  certificate = "";
  server.clock.now += 3_600_000;
  deployer = await server.account(shop, `deployer-${++counter}`, [[`project/${shop.id}`, "roles/viewer"]]);
  await server.grant(
    `serviceAccount/${deployer.account.id}`,
    `principal:${pool}/subject/job`,
    "roles/iam.workloadIdentityUser",
  );
});

const send = (path: string, init: RequestInit = {}) =>
  server.fetch(path, {
    ...init,
    headers: {
      ...(init.headers as Record<string, string>),
      "x-forwarded-for": "203.0.113.7",
      "x-forwarded-proto": "https",
      ...(certificate && { "client-cert": `:${certificate}:` }),
    },
  });
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Answer = { status: number; body: any };
async function post(path: string, form: Record<string, string>): Promise<Answer> {
  const response = await send(path, { method: "POST", body: new URLSearchParams(form) });
  return { status: response.status, body: await response.json() };
}
const exchange = (claims: object = {}, form: Record<string, string> = {}) =>
  post("/v1/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience,
    scope: scope.cloudPlatform,
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    subject_token: issuer.sign({ aud: audience, sub: "job", repository: "org/app", ...claims }, server.clock.now),
    ...form,
  });
const federated = async (claims: object = {}) => (await exchange(claims)).body.access_token as string;
const assertion = (key = deployer.key, form: Record<string, string> = {}) =>
  post("/token", { grant_type: jwtBearer, assertion: assertionOf(key, server.clock.now), ...form });
async function act(token: string, verb: string, body: object, email = deployer.account.email): Promise<Answer> {
  const response = await send(`/v1/projects/-/serviceAccounts/${email}:${verb}`, {
    method: "POST",
    headers: { ...bearer(token), "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}
const become = (token: string, body: object = {}, email?: string) =>
  act(token, "generateAccessToken", { scope: [scope.cloudPlatform], ...body }, email);
const see = async (token: string) => (await send("/v1/projects/shop", { headers: bearer(token) })).status;
const registryToken = (token: string) => send("/v2/token", { headers: basic("oauth2accesstoken", token) });
const bind = (...workloads: string[]) => server.serviceAccounts.bindTo(deployer.account, workloads);
const job = () => `principal:${pool}/subject/job`;
const set = () => `principalSet:${pool}/attribute.repository/org/app`;
const elsewhere = { status: 400, body: expect.objectContaining({ error: "invalid_grant" }) };

describe("an account that is bound to a workload", () => {
  test.each([
    ["by its name", job],
    ["by a set that it is in", set],
    ["beside others", () => [`principal:${pool}/subject/other`, job()]],
  ])("is used by it: %s", async (_how, workloads) => {
    await bind(...[workloads()].flat());
    const { status, body } = await become(await federated());
    expect(status).toBe(200);
    expect(await see(body.accessToken)).toBe(200);
    const answer = await registryToken(body.accessToken);
    expect(answer.status).toBe(200);
    const { token } = (await answer.json()) as { token: string };
    expect((await send("/v2/", { headers: bearer(token) })).status).toBe(200);
  });

  test("takes none of its keys any more: as assertion, as signed JWT, as password, or as what Docker kept of it", async () => {
    const { account, key } = deployer;
    const file = basic("_json_key", JSON.stringify(key));
    const kept = await send("/v2/token?offline_token=true&client_id=docker", { headers: file });
    const { refresh_token = "" } = (await kept.json()) as { refresh_token?: string };
    const signed = assertionOf(key, server.clock.now, { aud: "https://r.example/", sub: account.email });
    const refresh = { grant_type: "refresh_token", refresh_token };
    const tries = async () => [
      (await assertion()).status,
      (await assertion(key, { lifetime: "60" })).status,
      await see(signed),
      (await send("/v2/token", { headers: file })).status,
      (await post("/v2/token", refresh)).status,
    ];
    expect(await tries()).toEqual([200, 200, 200, 200, 200]);
    await bind(job());
    expect(await tries()).toEqual([400, 400, 401, 401, 401]);
    const made = await server.serviceAccountKeys.generate(account, "shop", "https://r.example");
    expect((await assertion(made.file)).status).toBe(400);
    await bind();
    expect(await tries()).toEqual([200, 200, 200, 200, 200]);
  });

  test("ends what was issued before to anybody else, in the same moment, registry tokens as well", async () => {
    const { access_token: old } = (await assertion()).body;
    const { token: oldRegistryToken } = (await (await registryToken(old)).json()) as { token: string };
    const ofJob = (await become(await federated())).body.accessToken;
    const ofOther = await federated({ sub: "other" });
    await server.grant(
      `serviceAccount/${deployer.account.id}`,
      `principal:${pool}/subject/other`,
      "roles/iam.workloadIdentityUser",
    );
    const asOther = (await become(ofOther)).body.accessToken;
    for (const token of [old, ofJob, asOther]) expect(await see(token)).toBe(200);
    expect((await send("/v2/", { headers: bearer(oldRegistryToken) })).status).toBe(200);
    await bind(job());
    expect([await see(old), await see(asOther), await see(ofJob)]).toEqual([401, 401, 200]);
    expect((await registryToken(old)).status).toBe(401);
    expect((await send("/v2/", { headers: bearer(oldRegistryToken) })).status).toBe(401);
  });

  test("is become by no other account, whatever that one may become, and signs nothing for it", async () => {
    const owner = await server.account(shop, `owner-${counter}`, [["installation", "roles/owner"]]);
    await server.grant(
      `serviceAccount/${deployer.account.id}`,
      `serviceAccount:${owner.account.id}`,
      "roles/iam.serviceAccountTokenCreator",
    );
    const { access_token: token } = (await assertion(owner.key)).body;
    const asks: [string, object][] = [
      ["generateAccessToken", { scope: [scope.cloudPlatform] }],
      ["generateIdToken", { audience: "https://example.com" }],
      ["signJwt", { payload: "{}" }],
      ["signBlob", { payload: "eA==" }],
    ];
    const statuses = async () => {
      const answers = [];
      for (const [verb, body] of asks) answers.push((await act(token, verb, body)).status);
      return answers;
    };
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    await bind(job());
    expect(await statuses()).toEqual([403, 403, 403, 403]);
    const { body } = await become(token);
    expect(body.error.message).toContain("the account is bound to a workload");
  });

  test("is not reached over a delegate either, unless the chain began with the workload", async () => {
    const middle = await server.account(shop, `middle-${counter}`);
    const outer = await server.account(shop, `outer-${counter}`);
    const creator = "roles/iam.serviceAccountTokenCreator";
    const [self, between] = [deployer.account, middle.account];
    await server.grant(`serviceAccount/${self.id}`, `serviceAccount:${between.id}`, creator);
    for (const member of [`serviceAccount:${outer.account.id}`, job()])
      await server.grant(`serviceAccount/${between.id}`, member, creator);
    await bind(job());
    const ofOuter = (await assertion(outer.key)).body.access_token;
    const delegates = [`projects/-/serviceAccounts/${between.email}`];
    expect((await become(ofOuter, { delegates })).status).toBe(403);
    expect((await become((await become(ofOuter, {}, between.email)).body.accessToken)).status).toBe(403);
    const byJob = await become(await federated(), { delegates });
    expect(byJob.status).toBe(200);
    expect(await see(byJob.body.accessToken)).toBe(200);
  });

  test("is not used by another workload of the same pool and provider", async () => {
    await server.grant(
      `serviceAccount/${deployer.account.id}`,
      `principal:${pool}/subject/other`,
      "roles/iam.workloadIdentityUser",
    );
    await bind(set());
    expect((await become(await federated({ sub: "other", repository: "org/else" }))).status).toBe(403);
    expect((await become(await federated({ sub: "other" }))).status).toBe(200);
  });

  test("is bound by those who may write its policy only, and shows to whom", async () => {
    const ask = async (role: string, workloads: string[]) => {
      const { account, key } = await server.account(shop, `admin-${++counter}`, [[`project/${shop.id}`, role]]);
      return await act(server.accessToken(account, key), "bindWorkloads", { workloads });
    };
    expect((await ask("roles/editor", [job()])).status).toBe(403);
    expect((await ask("roles/iam.serviceAccountKeyAdmin", [job()])).status).toBe(403);
    const { status, body } = await ask("roles/iam.serviceAccountAdmin", [job()]);
    expect([status, body.boundWorkloads]).toEqual([200, [job()]]);
    for (const wrong of ["allUsers", `serviceAccount:${deployer.account.email}`, "principal://example.com/x"])
      expect((await ask("roles/owner", [wrong])).status).toBe(400);
    expect((await assertion()).status).toBe(400);
  });
});

describe("a token that is bound to a workload at issue", () => {
  test("is given to that workload, and what is made of it is bound as well", async () => {
    const { status, body } = await exchange({}, { bound_workload: set() });
    expect(status).toBe(200);
    const { body: made } = await become(body.access_token);
    expect(await see(made.accessToken)).toBe(200);
  });

  test("is given to nobody else: another workload, a key, an account that a key became", async () => {
    expect(await exchange({ repository: "org/else" }, { bound_workload: set() })).toEqual(elsewhere);
    expect(await assertion(deployer.key, { bound_workload: job() })).toEqual(elsewhere);
    const narrowing = { subject_token_type: "urn:ietf:params:oauth:token-type:access_token", bound_workload: job() };
    const { access_token: token } = (await assertion()).body;
    expect(await exchange({}, { ...narrowing, subject_token: token })).toEqual(elsewhere);
    await server.grant(
      `serviceAccount/${deployer.account.id}`,
      `serviceAccount:${deployer.account.id}`,
      "roles/iam.serviceAccountTokenCreator",
    );
    expect((await become(token, { boundWorkload: job() })).status).toBe(400);
  });
});

describe("a token that is bound to a certificate", () => {
  const ways: [string, () => Promise<string>][] = [
    ["of an assertion", async () => (await assertion(deployer.key, { bound_certificate: "true" })).body.access_token],
    [
      "of a workload that became the account",
      async () =>
        (await become((await exchange({}, { bound_certificate: "true" })).body.access_token)).body.accessToken,
    ],
    [
      "that an account was become with",
      async () => (await become(await federated(), { boundCertificate: true })).body.accessToken,
    ],
  ];
  test.each(ways)("is worth nothing without it: one %s", async (_what, issue) => {
    certificate = own;
    const token = await issue();
    const scope = "scope=repository:shop/app:pull";
    const asked = await send(`/v2/token?${scope}`, { headers: basic("oauth2accesstoken", token) });
    const { token: registry } = (await asked.json()) as { token: string };
    // What was answered to the one a moment ago is not remembered for the other.
    const pull = async () => (await send("/v2/shop/app/manifests/1", { headers: bearer(registry) })).status;
    const statuses = async () => [
      await see(token),
      await pull(),
      await pull(),
      (await registryToken(token)).status,
      (await send("/v2/", { headers: bearer(registry) })).status,
    ];
    expect(new Set(await statuses())).toEqual(new Set([200]));
    for (certificate of ["", another]) expect(new Set(await statuses())).toEqual(new Set([401]));
    certificate = own;
    expect(new Set(await statuses())).toEqual(new Set([200]));
  });

  test("is neither widened nor bound anew by whoever stole it", async () => {
    certificate = own;
    const { access_token: token } = (await assertion(deployer.key, { bound_certificate: "true" })).body;
    certificate = another;
    const narrowing = { subject_token_type: "urn:ietf:params:oauth:token-type:access_token", subject_token: token };
    expect(await exchange({}, { ...narrowing, bound_certificate: "true" })).toEqual(elsewhere);
    expect((await become(token)).status).toBe(401);
    expect((await post("/v1/introspect", { token })).body).toEqual({ active: false });
  });

  test("says so to whoever looks into it (RFC 8705 section 3.2)", async () => {
    certificate = own;
    const { access_token: token } = (await assertion(deployer.key, { bound_certificate: "true" })).body;
    const thumbprint = new Bun.CryptoHasher("sha256").update(Buffer.from(own, "base64")).digest("base64url");
    expect((await post("/v1/introspect", { token })).body).toMatchObject({
      active: true,
      cnf: { "x5t#S256": thumbprint },
    });
  });

  test("is not given to whoever came without one", async () => {
    expect((await assertion(deployer.key, { bound_certificate: "true" })).body.error).toBe("invalid_request");
    expect((await exchange({}, { bound_certificate: "true" })).status).toBe(400);
    expect((await become(await federated(), { boundCertificate: true })).status).toBe(400);
  });

  test("and the header counts only where a trusted proxy wrote it, and the operator said that it does", async () => {
    certificate = own;
    const { access_token: token } = (await assertion(deployer.key, { bound_certificate: "true" })).body;
    expect(await see(token)).toBe(200);
    const headers = { ...bearer(token), "client-cert": `:${own}:` };
    const behind = { trustedProxies: ["192.0.2.1"], publicUrl: "https://r.example" };
    for (const [settings, peer] of [
      [{ ...behind, clientCertificates: true }, "203.0.113.7"],
      [behind, "192.0.2.1"],
    ] as const) {
      await using other = await otherServer(settings, peer);
      const issued = await other.issue(headers["client-cert"]);
      expect(issued).toBe("invalid_request");
    }
  });
});

/** Another server, asked for a bound token with that header. */
async function otherServer(settings: Parameters<typeof startTestServer>[0], peer: string) {
  const fresh = await startTestServer(settings, peer);
  const { key } = await fresh.account(await fresh.project("demo"), "robot");
  return {
    async issue(header: string) {
      const form = { grant_type: jwtBearer, assertion: assertionOf(key, fresh.clock.now), bound_certificate: "true" };
      const headers = { "client-cert": header, "x-forwarded-proto": "https" };
      const answer = await fresh.fetch("/token", { method: "POST", headers, body: new URLSearchParams(form) });
      return ((await answer.json()) as { error?: string }).error;
    },
    [Symbol.asyncDispose]: () => fresh.close(),
  };
}
