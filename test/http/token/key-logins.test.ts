import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { KeyFile } from "../../../src/identity/key-file.ts";
import type { ServiceAccountRow } from "../../../src/storage/metadata/service-accounts.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { basic, bearer, startTestServer, type TestServer } from "../../server.ts";

let server: TestServer;
let owner: { account: ServiceAccountRow; key: KeyFile };

beforeAll(async () => {
  server = await startTestServer();
  const project = await server.project("demo");
  owner = await server.account(project, "owner", [[`project/${project.id}`, "roles/owner"]]);
  await pushImage(server, "demo/app", "1", smallImage("a"), server.accessToken(owner.account, owner.key));
});
afterAll(() => server.close());

type Answer = { token: string; access_token: string; scope: string; refresh_token?: string; error?: string };
const query = "/v2/token?account=_json_key&client_id=docker&offline_token=true&service=localhost:5000";

async function get(path: string, username: string, password: string): Promise<Answer> {
  return (await (await server.fetch(path, { headers: basic(username, password) })).json()) as Answer;
}

async function post(form: Record<string, string>): Promise<{ status: number; body: Answer }> {
  const answer = await server.fetch("/v2/token", { method: "POST", body: new URLSearchParams(form) });
  return { status: answer.status, body: (await answer.json()) as Answer };
}

const refresh = (token: string | undefined, scope = "repository:demo/app:pull,push") =>
  post({ grant_type: "refresh_token", client_id: "docker", service: "x", scope, refresh_token: token ?? "" });

async function login(key = owner.key): Promise<string> {
  return (await get(query, "_json_key", JSON.stringify(key))).refresh_token ?? "";
}

describe("a key as password", () => {
  test("is answered with a refresh token where the client says that it keeps one", async () => {
    const answer = await get(query, "_json_key", JSON.stringify(owner.key));
    expect(answer.refresh_token).toMatch(/^wbf_[\w-]{43}$/);
    expect((await get("/v2/token?service=x", "_json_key", JSON.stringify(owner.key))).refresh_token).toBeUndefined();
    const base64 = Buffer.from(JSON.stringify(owner.key)).toString("base64");
    expect((await get(query, "_json_key_base64", base64)).refresh_token).toStartWith("wbf_");
    const form = { grant_type: "password", username: "_json_key", password: JSON.stringify(owner.key) };
    expect((await post({ ...form, access_type: "offline" })).body.refresh_token).toStartWith("wbf_");
    expect((await post(form)).body.refresh_token).toBeUndefined();
  });

  test("only: an access token would outlive itself", async () => {
    const token = server.accessToken(owner.account, owner.key);
    expect((await get(query, "oauth2accesstoken", token)).refresh_token).toBeUndefined();
    const anonymous = (await (await server.fetch(query)).json()) as Answer;
    expect(anonymous.refresh_token).toBeUndefined();
  });
});

describe("what the client keeps", () => {
  test("buys registry tokens, as often as it is shown", async () => {
    const kept = await login();
    for (let times = 0; times < 3; times++) {
      const { status, body } = await refresh(kept);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        token: body.access_token,
        scope: expect.stringContaining("repository:demo/app:pull,push"),
      });
      expect(body.refresh_token).toBeUndefined();
      const pulled = await server.fetch("/v2/demo/app/manifests/1", { headers: bearer(body.token) });
      expect(pulled.status).toBe(200);
    }
  });

  test("is good for images and nothing else, whatever its account may do", async () => {
    const kept = await login();
    expect((await server.fetch("/v1/projects", { headers: bearer(kept) })).status).toBe(401);
    const form = { grant_type: "refresh_token", client_id: "waybill", refresh_token: kept };
    const answer = await server.fetch("/token", { method: "POST", body: new URLSearchParams(form) });
    expect(((await answer.json()) as Answer).error).toBe("invalid_grant");
    const [row] = await server.logins.list(`serviceAccount:${owner.account.id}`);
    expect(row).toMatchObject({
      kind: "registry",
      keyId: owner.key.private_key_id,
      clientId: "docker",
      scopes: "https://www.googleapis.com/auth/devstorage.read_write",
      address: "127.0.0.1",
    });
  });

  test("ends by itself, and with it the registry tokens that it bought", async () => {
    const [kept, other] = [await login(), await login()];
    const { body } = await refresh(kept);
    const principal = `serviceAccount:${owner.account.id}`;
    const ended = (await server.logins.list(principal)).find(({ createdAt }) => createdAt <= server.now());
    const before = await server.logins.list(principal);
    await server.logins.endByToken(kept);
    expect((await server.logins.list(principal)).length).toBe(before.length - 1);
    expect(ended).toBeDefined();
    expect((await refresh(kept)).status).toBe(401);
    expect((await server.fetch("/v2/demo/app/manifests/1", { headers: bearer(body.token) })).status).toBe(401);
    expect((await refresh(other)).status).toBe(200);
  });

  test("ends with the key", async () => {
    const project = await server.projects.find("demo");
    if (!project) throw new Error("no project");
    const second = await server.account(project, "second", [[`project/${project.id}`, "roles/owner"]]);
    const kept = await login(second.key);
    expect((await refresh(kept)).status).toBe(200);
    const key = await server.serviceAccountKeys.find(second.account, second.key.private_key_id);
    if (!key) throw new Error("no key");
    await server.serviceAccountKeys.setDisabled(key, true);
    expect((await refresh(kept)).status).toBe(401);
    await server.serviceAccountKeys.setDisabled(key, false);
    expect((await refresh(kept)).status).toBe(200);
    await server.serviceAccountKeys.delete(key);
    expect((await refresh(kept)).status).toBe(401);
  });

  test("ends after a month without use, and after a quarter of use", async () => {
    const day = 24 * 60 * 60_000;
    const [idle, busy] = [await login(), await login()];
    for (let days = 0; days < 87; days += 29) {
      server.clock.now += 29 * day;
      expect((await refresh(busy)).status).toBe(200);
    }
    expect((await refresh(idle)).status).toBe(401);
    server.clock.now += 3 * day;
    expect((await refresh(busy)).status).toBe(401);
  });

  test.each(["", "wbf_", "wbf_unknown", "x".repeat(100_000)])("is not %p", async (token) => {
    expect((await refresh(token)).status).toBe(401);
  });
});
