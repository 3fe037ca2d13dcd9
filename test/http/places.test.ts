import { afterAll, beforeAll, expect, test } from "bun:test";
import { audienceOf } from "../../src/identity/federation/workload-identity.ts";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { scope } from "../../src/identity/scopes.ts";
import type { ServiceAccountRow } from "../../src/storage/metadata/service-accounts.ts";
import { insertUser } from "../../src/storage/metadata/users.ts";
import { Issuer } from "../identity/federation/issuer.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";
import { basic, bearer, startTestServer, type TestServer } from "../server.ts";

/** The first use of a credential from a network is in the audit log, once. */
let server: TestServer;
let account: ServiceAccountRow;
let key: KeyFile;
beforeAll(async () => {
  server = await startTestServer({ trustedProxies: ["192.0.2.1"], publicUrl: "https://r.example" }, "192.0.2.1");
  ({ account, key } = await server.account(await server.project("demo"), "robot"));
});
afterAll(() => server.close());

async function places(): Promise<string[]> {
  await server.audit.flush();
  const rows = await server.metadata.read.selectFrom("audit_entries").select("entry").orderBy("sequence").execute();
  return rows
    .filter(({ entry }) => entry.includes("first use from a new place"))
    .map(({ entry }) => /"network":"([^"]+)"/.exec(entry)?.[1] ?? "");
}
const use = async (from: string, path = "/v1/projects", headers = bearer(server.accessToken(account, key))) =>
  await server.fetch(path, { headers: { ...headers, "x-forwarded-for": from, "x-forwarded-proto": "https" } });

test("each network is logged at its first use, whichever token of the key it was", async () => {
  for (const from of [
    "203.0.113.7",
    "203.0.113.200",
    "::ffff:203.0.113.9",
    "198.51.100.1",
    "2001:db8:1:2::3",
    "2001:db8:1:ffff::1",
  ]) {
    expect((await use(from)).status).toBe(200);
  }
  expect(await places()).toEqual(["203.0.113.0/24", "198.51.100.0/24", "2001:db8:1::/48"]);
  const token = server.accessToken(account, key);
  await use("203.0.113.1", "/v2/token", basic("oauth2accesstoken", token));
  await use("233.252.0.1", "/v2/token", basic("oauth2accesstoken", token));
  await use("203.0.113.1", "/v2/token", basic("oauth2accesstoken", token));
  expect(await places()).toHaveLength(4);
});

test("another key of the same account has places of its own; nobody has none", async () => {
  const before = (await places()).length;
  const { file } = await server.serviceAccountKeys.generate(account, "demo", "https://r.example");
  await use("203.0.113.7", "/v1/projects", bearer(server.accessToken(account, file)));
  await use("192.0.2.77", "/v2/token", {} as never);
  expect(await places()).toHaveLength(before + 1);
});

test("the very same token from elsewhere is noticed at that request, and not when it is looked up anew", async () => {
  const headers = bearer(server.accessToken(account, key));
  for (const path of ["/v2/", "/v1/projects"]) {
    const before = (await places()).length;
    const third = path === "/v2/" ? 10 : 20;
    for (const last of [1, 2, 1, 2]) expect((await use(`192.168.${third + last}.7`, path, headers)).status).toBe(200);
    expect((await places()).slice(before)).toEqual([`192.168.${third + 1}.0/24`, `192.168.${third + 2}.0/24`]);
  }
});

test("a credential is noticed where it buys a token, before it is used for anything else", async () => {
  const post = async (from: string, path: string, form: Record<string, string>) => {
    const headers = { "x-forwarded-for": from, "x-forwarded-proto": "https" };
    const answer = await server.fetch(path, { method: "POST", headers, body: new URLSearchParams(form) });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Record<string, string>;
  };
  const grant = { grant_type: jwtBearer, assertion: assertionOf(key, server.clock.now) };
  const before = (await places()).length;
  const { access_token: token = "" } = await post("172.16.1.1", "/token", grant);
  expect((await places()).slice(before)).toEqual(["172.16.1.0/24"]);
  await use("172.16.1.1", "/v1/projects", bearer(token));

  const file = basic("_json_key", JSON.stringify(key));
  const answer = await use("172.16.1.1", "/v2/token?offline_token=true&client_id=docker", file);
  const { refresh_token = "" } = (await answer.json()) as { refresh_token?: string };
  await post("172.16.2.1", "/v2/token", { grant_type: "refresh_token", refresh_token });
  expect((await places()).slice(before)).toEqual(["172.16.1.0/24", "172.16.2.0/24"]);

  const user = { id: "7000000000000000001", email: "ada@example.com" };
  await server.metadata.write((write) => insertUser(write, user, server.clock.now));
  const principal = `user:${user.id}`;
  const login = { kind: "oauth", principal, clientId: "waybill", scopes: scope.cloudPlatform, address: "" } as const;
  const { refreshToken } = await server.logins.begin(login);
  await post("172.16.3.1", "/token", {
    grant_type: "refresh_token",
    client_id: "waybill",
    refresh_token: refreshToken,
  });
  expect((await places()).slice(before + 2)).toEqual(["172.16.3.0/24"]);

  const issuer = new Issuer();
  issuer[Symbol.dispose](); // Its keys are uploaded: nobody asks it for them.
  const project = await server.project("jobs");
  const pool = await server.workloadIdentity.createPool(project, "ci-pool", {});
  const settings = { issuerUri: issuer.url, allowedAudiences: ["x"], jwksJson: JSON.stringify(issuer.jwks()) };
  const mapping = { attributeMapping: { "google.subject": "assertion.sub" }, attributeCondition: "" };
  const provider = await server.workloadIdentity.createProvider(pool, "ci-provider", {}, { ...settings, ...mapping });
  await post("172.16.4.1", "/v1/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: audienceOf(pool, provider),
    scope: scope.cloudPlatform,
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    subject_token: issuer.sign({ aud: "x", sub: "job" }, server.clock.now),
  });
  expect((await places()).slice(before + 3)).toEqual(["172.16.4.0/24"]);
});
