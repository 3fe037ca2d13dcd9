import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { KeyFile } from "../../../src/identity/key-file.ts";
import { scope } from "../../../src/identity/scopes.ts";
import type { ProjectRow } from "../../../src/storage/metadata/projects.ts";
import type { ServiceAccountRow } from "../../../src/storage/metadata/service-accounts.ts";
import { assertionOf, jwtBearer } from "../../jwt.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { basic, bearer, startTestServer, type TestServer } from "../../server.ts";

/** Tokens that are less than their account: bound when they are made, or narrowed afterwards. None grows again. */
let server: TestServer;
let project: ProjectRow;
let account: ServiceAccountRow;
let key: KeyFile;
let other: ServiceAccountRow;
/** Where requests come from. */
let peer = "10.1.2.3";

beforeAll(async () => {
  // A server that sees addresses: what a trusted proxy says.
  server = await startTestServer({ trustedProxies: ["192.0.2.1"], publicUrl: "https://r.example" }, "192.0.2.1");
  project = await server.project("demo");
  ({ account, key } = await server.account(project, "robot", [[`project/${project.id}`, "roles/owner"]]));
  ({ account: other } = await server.account(project, "other", [[`project/${project.id}`, "roles/owner"]]));
  for (const name of ["demo/app", "demo/apple", "demo/team/a"]) {
    await pushImage(server, name, "latest", smallImage(name), server.accessToken(account, key));
  }
});
afterAll(() => server.close());
beforeEach(() => {
  peer = "10.1.2.3";
});

const send = (path: string, init: RequestInit = {}) =>
  server.fetch(path, {
    ...init,
    headers: { ...(init.headers as Record<string, string>), "x-forwarded-for": peer, "x-forwarded-proto": "https" },
  });
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Answer = { status: number; body: any };
async function post(path: string, form: Record<string, string>): Promise<Answer> {
  const response = await send(path, { method: "POST", body: new URLSearchParams(form) });
  return { status: response.status, body: await response.json() };
}
const grant = async (form: Record<string, string> = {}) =>
  await post("/token", { grant_type: jwtBearer, assertion: assertionOf(key, server.clock.now), ...form });
const narrow = (token: string, form: Record<string, string>) =>
  post("/v1/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: token,
    ...form,
  });
const boundary = (resource: string, role = "roles/artifactregistry.reader", expression?: string) =>
  JSON.stringify({
    accessBoundary: {
      accessBoundaryRules: [
        {
          availableResource: `//artifactregistry.googleapis.com/${resource}`,
          availablePermissions: [`inRole:${role}`],
          ...(expression && { availabilityCondition: { expression } }),
        },
      ],
    },
  });
async function impersonate(token: string, body: object = {}): Promise<Answer> {
  const response = await send(`/v1/projects/-/serviceAccounts/${other.email}:generateAccessToken`, {
    method: "POST",
    headers: { ...bearer(token), "content-type": "application/json" },
    body: JSON.stringify({ scope: [scope.cloudPlatform], ...body }),
  });
  return { status: response.status, body: await response.json() };
}
/** What of these a token can do: with itself, and with the registry token that is made of it. */
async function reach(token: string) {
  const can: string[] = [];
  const requests: [string, string, string, string][] = [
    ["pull app", "GET", "/v2/demo/app/manifests/latest", "demo/app:pull"],
    ["pull apple", "GET", "/v2/demo/apple/manifests/latest", "demo/apple:pull"],
    ["pull team/a", "GET", "/v2/demo/team/a/manifests/latest", "demo/team/a:pull"],
    ["push app", "POST", "/v2/demo/app/blobs/uploads/", "demo/app:push,pull"],
    ["push team/a", "POST", "/v2/demo/team/a/blobs/uploads/", "demo/team/a:push,pull"],
    ["see project", "GET", "/v1/projects/demo", ""],
  ];
  for (const [name, method, path, wanted] of requests) {
    const own = (await send(path, { method, headers: bearer(token) })).ok;
    if (own) can.push(name);
    if (wanted === "") continue;
    const asked = await send(`/v2/token?scope=repository:${wanted}`, { headers: basic("oauth2accesstoken", token) });
    if (!asked.ok) expect(own).toBe(false);
    const { token: registryToken = "" } = (await asked.json()) as { token?: string };
    expect((await send(path, { method, headers: bearer(registryToken) })).ok).toBe(own);
  }
  return can;
}
const everything = ["pull app", "pull apple", "pull team/a", "push app", "push team/a", "see project"];
const repositories = "projects/demo/locations/default/repositories";

describe("a credential access boundary leaves", () => {
  const boundaries: [string, string, string[]][] = [
    ["one repository to pull", boundary(`${repositories}/app`), ["pull app"]],
    ["a folder to pull", boundary(`${repositories}/team`), ["pull team/a"]],
    [
      "a folder to push",
      boundary(`${repositories}/team`, "roles/artifactregistry.writer"),
      ["pull team/a", "push team/a"],
    ],
    [
      "what a condition's prefix allows",
      boundary("projects/demo", "roles/artifactregistry.reader", `resource.name.startsWith('${repositories}/app')`),
      ["pull app", "pull apple"],
    ],
    ["a project's images, and no administration", boundary("projects/demo"), ["pull app", "pull apple", "pull team/a"]],
    ["nothing of another project", boundary("projects/other"), []],
    ["nothing at another location", boundary("projects/demo/locations/eu.gcr.io"), []],
    [
      "nothing where its condition fails",
      boundary("projects/demo", "roles/artifactregistry.reader", "resource.name == 'x'"),
      [],
    ],
  ];
  test.each(boundaries)("%s", async (_name, options, can) => {
    const { access_token: whole } = (await grant()).body;
    expect(await reach(whole)).toEqual(everything);
    const { status, body } = await narrow(whole, { options });
    expect(status).toBe(200);
    expect(await reach(body.access_token)).toEqual(can);
  });

  test("to the account what it could do before, and no more", async () => {
    const { account: reader, key: readerKey } = await server.account(project, "reader", [
      [`project/${project.id}`, "roles/artifactregistry.reader"],
    ]);
    const options = boundary("projects/demo", "roles/artifactregistry.admin");
    const { body } = await narrow(server.accessToken(reader, readerKey), { options });
    expect(await reach(body.access_token)).toEqual(["pull app", "pull apple", "pull team/a"]);
  });

  const bad: [string, string][] = [
    [
      "of Google's storage",
      boundary("x").replace("artifactregistry.googleapis.com/x", "storage.googleapis.com/projects/_/buckets/b"),
    ],
    ["without a project", boundary("locations/default")],
    ["with a role that is none", boundary("projects/demo", "roles/made.up")],
    [
      "with a permission instead of a role",
      boundary("projects/demo").replace("inRole:roles/artifactregistry.reader", "x.y.get"),
    ],
    ["with a condition that is none", boundary("projects/demo", "roles/viewer", "resource.name.startsWith(")],
    ["with a condition over something else", boundary("projects/demo", "roles/viewer", "request.host == 'x'")],
    ["without rules", JSON.stringify({ accessBoundary: { accessBoundaryRules: [] } })],
    ["that is no JSON", "{"],
  ];
  test.each(bad)("nothing to ask for %s: it is refused", async (_name, options) => {
    const { access_token: whole } = (await grant()).body;
    expect(await narrow(whole, { options })).toMatchObject({ status: 400, body: { error: "invalid_request" } });
  });
});

describe("a narrowed token", () => {
  const narrowed = async (options = boundary(`${repositories}/app`)) =>
    (await narrow((await grant()).body.access_token, { options })).body.access_token as string;

  test("is not widened by another exchange", async () => {
    const again = await narrow(await narrowed(), { options: boundary("projects/demo", "roles/owner") });
    expect(await reach(again.body.access_token)).toEqual(["pull app"]);
    const elsewhere = await narrow(await narrowed(), { options: boundary(`${repositories}/apple`) });
    expect(await reach(elsewhere.body.access_token)).toEqual([]);
  });

  test("is not widened by a scope, nor given a longer life", async () => {
    const readOnly = (await narrow((await grant()).body.access_token, { scope: scope.storageReadOnly })).body
      .access_token;
    expect(await reach(readOnly)).toEqual(["pull app", "pull apple", "pull team/a"]);
    expect(await narrow(readOnly, { scope: scope.cloudPlatform })).toMatchObject({
      status: 400,
      body: { error: "invalid_scope" },
    });
    server.clock.now += 1_800_000;
    const { body } = await narrow(readOnly, { scope: scope.storageReadOnly });
    expect(body.expires_in).toBe(1800);
  });

  test("becomes no other account", async () => {
    expect((await impersonate((await grant()).body.access_token)).status).toBe(200);
    expect((await impersonate(await narrowed())).status).toBe(403);
    expect((await impersonate(await narrowed(boundary("projects/demo", "roles/owner")))).status).toBe(403);
  });

  test("ends with the token that it was made of", async () => {
    const { access_token: whole } = (await grant()).body;
    const { access_token: token } = (await narrow(whole, { options: boundary(`${repositories}/app`) })).body;
    expect(await reach(token)).toEqual(["pull app"]);
    await post("/revoke", { token: whole });
    expect(await reach(token)).toEqual([]);
  });

  test("is told why it is refused", async () => {
    const answer = await send("/v2/demo/apple/manifests/latest", { headers: bearer(await narrowed()) });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("this token was made for less");
  });

  test("lists no names around what it may reach", async () => {
    const asked = await send("/v2/token?scope=registry:catalog:*", {
      headers: basic("oauth2accesstoken", await narrowed()),
    });
    const { token } = (await asked.json()) as { token: string };
    expect(await (await send("/v2/_catalog", { headers: bearer(token) })).json()).toEqual({ repositories: [] });
  });

  test("is made of nothing but an access token, and only where something is to be narrowed", async () => {
    const { access_token: whole } = (await grant()).body;
    expect((await narrow(whole, {})).status).toBe(400);
    const asked = await send("/v2/token", { headers: basic("oauth2accesstoken", whole) });
    const { token } = (await asked.json()) as { token: string };
    expect((await narrow(token, { options: boundary("projects/demo") })).status).toBe(400);
  });
});

describe("a token that is bound at issue", () => {
  test("to networks is taken from there only, with all that is made of it", async () => {
    const { body } = await grant({ bound_networks: "10.0.0.0/8 2001:db8::/32" });
    const token = body.access_token;
    const becomes = (await impersonate(token)).body.accessToken;
    const narrower = (await narrow(token, { options: boundary("projects/demo", "roles/owner") })).body.access_token;
    const asked = await send("/v2/token?scope=repository:demo/app:pull", {
      headers: basic("oauth2accesstoken", token),
    });
    const { token: registryToken } = (await asked.json()) as { token: string };
    const statuses = async (from: string) => {
      peer = from;
      return await Promise.all([
        send("/v1/projects/demo", { headers: bearer(token) }).then(({ status }) => status),
        send("/v1/projects/demo", { headers: bearer(becomes) }).then(({ status }) => status),
        send("/v2/demo/app/manifests/latest", { headers: bearer(narrower) }).then(({ status }) => status),
        send("/v2/demo/app/manifests/latest", { headers: bearer(registryToken) }).then(({ status }) => status),
      ]);
    };
    for (const inside of ["10.255.0.1", "2001:db8::7", "::ffff:10.0.0.1"]) {
      expect(await statuses(inside)).toEqual([200, 200, 200, 200]);
    }
    for (const outside of ["11.0.0.1", "2001:db9::1", "::ffff:11.0.0.1"]) {
      expect(await statuses(outside)).toEqual([401, 401, 401, 401]);
    }
  });

  test("to two networks in turn is taken from where both are", async () => {
    const { access_token: first } = (await grant({ bound_networks: "10.0.0.0/8" })).body;
    const { accessToken: second } = (await impersonate(first, { boundNetworks: ["10.1.0.0/16", "192.168.0.0/16"] }))
      .body;
    const from = async (address: string) => {
      peer = address;
      return (await send("/v1/projects/demo", { headers: bearer(second) })).status;
    };
    expect(await from("10.1.0.1")).toBe(200);
    expect(await from("10.2.0.1")).toBe(401);
    expect(await from("192.168.0.1")).toBe(401);
  });

  test("to repositories reaches them and nothing else", async () => {
    const { access_token: token } = (await grant({ bound_repositories: "demo/app,demo/team/*" })).body;
    expect(await reach(token)).toEqual(["pull app", "pull team/a", "push app", "push team/a"]);
    const { accessToken } = (
      await impersonate((await grant()).body.access_token, { boundRepositories: ["demo/team/*"] })
    ).body;
    expect(await reach(accessToken)).toEqual(["pull team/a", "push team/a"]);
  });

  const bad: [string, Record<string, string>][] = [
    ["a network that is none", { bound_networks: "10.0.0.0/33" }],
    ["a network with a name", { bound_networks: "example.com" }],
    ["too many networks", { bound_networks: Array(21).fill("10.0.0.0/8").join(" ") }],
    ["a repository that is none", { bound_repositories: "DEMO/app" }],
    ["a repository with a star in the middle", { bound_repositories: "demo/*/app" }],
    ["a workload that is none", { bound_workload: "user:x@example.com" }],
  ];
  test.each(bad)("to %s is not made", async (_name, form) => {
    expect(await grant(form)).toMatchObject({ status: 400, body: { error: "invalid_request" } });
  });

  test("to a workload is nobody else's", async () => {
    const name = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s";
    const { access_token: token } = (await grant({ bound_workload: name })).body;
    expect((await send("/v1/projects/demo", { headers: bearer(token) })).status).toBe(401);
  });
});
