/**
 * Whoever is cut off is refused at the next request, under load, by a real server: also with a registry token that was
 * minted a moment before. The requests carry on until the first refusal, and none that began after the change was
 * answered may be allowed: that is stricter than the second that is promised, and asks nothing of the machine's speed.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { type AdministeredServer, startAdministeredServer } from "../cli/administered-server.ts";
import { assertionOf, jwtBearer, signJwt } from "../jwt.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { basic, bearer } from "../server.ts";

const clients = 6;
const reader = "roles/artifactregistry.reader";
let server: AdministeredServer;
let owner: string;
let counter = 0;
let loading = true;
let load: Promise<number>[] = [];

const send = async (path: string, init: RequestInit = {}) => await fetch(`${server.origin}${path}`, init);

async function api(line: string, body?: object): Promise<Record<string, unknown>> {
  const [method = "", path = ""] = line.split(" ");
  const json = body && { body: JSON.stringify(body) };
  const answer = await send(path, {
    method,
    headers: { ...bearer(owner), "content-type": "application/json" },
    ...json,
  });
  if (answer.status !== 200) throw new Error(`${line}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

async function accessToken(key: KeyFile): Promise<string> {
  const assertion = assertionOf(key, Date.now());
  const body = new URLSearchParams({ grant_type: jwtBearer, assertion });
  return ((await (await send("/token", { method: "POST", body })).json()) as { access_token: string }).access_token;
}

beforeAll(async () => {
  server = await startAdministeredServer(["--principal-rate=1000000", "--anonymous-rate=1000000"]);
  owner = await accessToken(JSON.parse(readFileSync(server.adminKey, "utf8")));
  await api("POST /v1/projects", { projectId: "busy" });
  await pushImage({ fetch: send }, "busy/app", "1", smallImage("busy"), owner);
  load = Array.from({ length: clients }, async () => {
    let requests = 0;
    for (; loading; requests += 2) {
      await (await send("/v2/busy/app/manifests/1", { headers: bearer(owner) })).arrayBuffer();
      const url = "/v2/token?scope=repository:busy/app:pull";
      await (await send(url, { headers: basic("oauth2accesstoken", owner) })).arrayBuffer();
    }
    return requests;
  });
}, 60_000);

afterAll(async () => {
  loading = false;
  const requests = (await Promise.all(load)).reduce((sum, each) => sum + each, 0);
  await server[Symbol.asyncDispose]();
  expect(requests).toBeGreaterThan(clients);
});

/** A project with an image, an account that may pull it, and its key. */
async function newWorld() {
  const project = `world-${++counter}`;
  await api("POST /v1/projects", { projectId: project });
  await pushImage({ fetch: send }, `${project}/app`, "1", smallImage(project), owner);
  const accounts = `/v1/projects/${project}/serviceAccounts`;
  const { email } = (await api(`POST ${accounts}`, { accountId: "robot" })) as { email: string };
  await grant(project, `serviceAccount:${email}`);
  const { name, privateKeyData } = (await api(`POST ${accounts}/${email}/keys`, {})) as Record<string, string>;
  const key = JSON.parse(Buffer.from(privateKeyData as string, "base64").toString()) as KeyFile;
  return { project, email, keyName: name as string, token: await accessToken(key), key };
}

async function grant(project: string, member: string): Promise<void> {
  const policy = (await api(`POST /v1/projects/${project}:getIamPolicy`, {})) as { bindings: object[] };
  const bindings = [...policy.bindings, { role: reader, members: [member] }];
  await api(`POST /v1/projects/${project}:setIamPolicy`, { policy: { ...policy, bindings } });
}

/** Pulls without a pause until it is refused, while `change` is made. */
async function expectCutOff(
  project: string,
  token: string,
  change: () => Promise<unknown>,
  ways: (() => Promise<Response>)[],
) {
  const url = `/v2/token?scope=repository:${project}/app:pull`;
  const minted = await send(url, { headers: basic("oauth2accesstoken", token) });
  const { token: registryToken } = (await minted.json()) as { token: string };
  const pull = (bearing: string) => send(`/v2/${project}/app/manifests/1`, { headers: bearer(bearing) });
  expect((await pull(registryToken)).status).toBe(200);
  let changedAt = Number.POSITIVE_INFINITY;
  let lastAllowedAt = 0;
  const pulling = (async () => {
    for (;;) {
      const startedAt = performance.now();
      const { status } = await pull(registryToken);
      if (status !== 200) return { status, startedAt };
      lastAllowedAt = startedAt;
    }
  })();
  await change();
  changedAt = performance.now();
  const refused = await pulling;
  expect([401, 403]).toContain(refused.status);
  expect(lastAllowedAt).toBeLessThan(changedAt);
  for (const way of [() => pull(token), ...ways]) expect([400, 401, 403]).toContain((await way()).status);
  console.log(`refused ${Math.max(0, refused.startedAt - changedAt).toFixed(1)} ms after the change was answered`);
}

describe("the next request is refused after", () => {
  test("a key is disabled", async () => {
    const { project, keyName, token, key } = await newWorld();
    await expectCutOff(project, token, () => api(`POST /v1/${keyName}:disable`, {}), [
      () => send(`/v2/token?scope=repository:${project}/app:pull`, { headers: basic("oauth2accesstoken", token) }),
      () => send("/v2/token", { headers: basic("_json_key", JSON.stringify(key)) }),
    ]);
  }, 30_000);

  test("an account is disabled", async () => {
    const { project, email, token, key } = await newWorld();
    const disable = `POST /v1/projects/${project}/serviceAccounts/${email}:disable`;
    const body = new URLSearchParams({ grant_type: jwtBearer, assertion: assertionOf(key, Date.now()) });
    await expectCutOff(project, token, () => api(disable, {}), [() => send("/token", { method: "POST", body })]);
  }, 30_000);

  test("a binding is taken away", async () => {
    const { project, email, token } = await newWorld();
    const policy = (await api(`POST /v1/projects/${project}:getIamPolicy`, {})) as {
      bindings: { members: string[] }[];
    };
    const bindings = policy.bindings.filter(({ members }) => !members.includes(`serviceAccount:${email}`));
    const set = () => api(`POST /v1/projects/${project}:setIamPolicy`, { policy: { ...policy, bindings } });
    await expectCutOff(project, token, set, []);
  }, 30_000);

  test("a project is deleted", async () => {
    const { project, token } = await newWorld();
    await expectCutOff(project, token, () => api(`DELETE /v1/projects/${project}`), []);
  }, 30_000);

  test("a provider is disabled, for whom it vouched", async () => {
    const { project } = await newWorld();
    const pools = `/v1/projects/${project}/locations/global/workloadIdentityPools`;
    await api(`POST ${pools}?workloadIdentityPoolId=ci-pool`, {});
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k", alg: "RS256", use: "sig" };
    const issuerUri = "https://issuer.test";
    const audience = "ours";
    await api(`POST ${pools}/ci-pool/providers?workloadIdentityPoolProviderId=ci-provider`, {
      attributeMapping: { "google.subject": "assertion.sub" },
      oidc: { issuerUri, allowedAudiences: [audience], jwksJson: JSON.stringify({ keys: [jwk] }) },
    });
    const { name } = (await api(`GET ${pools}/ci-pool/providers/ci-provider`)) as { name: string };
    const pool = name.split("/providers/")[0];
    await grant(project, `principal://iam.googleapis.com/${pool}/subject/job`);
    const iat = Math.floor(Date.now() / 1000);
    const claims = { iss: issuerUri, aud: audience, sub: "job", iat, exp: iat + 600 };
    const body = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: `//iam.googleapis.com/${name}`,
      scope: "https://www.googleapis.com/auth/cloud-platform",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token: signJwt({ typ: "JWT", alg: "RS256", kid: "k" }, claims, privateKey),
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    });
    const exchange = () => send("/v1/token", { method: "POST", body });
    const { access_token: token } = (await (await exchange()).json()) as { access_token: string };
    const disable = () => api(`PATCH /v1/${name}?updateMask=disabled`, { disabled: true });
    await expectCutOff(project, token, disable, [exchange]);
  }, 30_000);
});
