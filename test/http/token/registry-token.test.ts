import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { KeyFile } from "../../../src/identity/key-file.ts";
import { scope } from "../../../src/identity/scopes.ts";
import type { ServiceAccountRow } from "../../../src/storage/metadata/service-accounts.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { basic, bearer, startTestServer, type TestServer } from "../../server.ts";

let server: TestServer;
let writer: { account: ServiceAccountRow; key: KeyFile };
let reader: { account: ServiceAccountRow; key: KeyFile };

beforeAll(async () => {
  server = await startTestServer();
  const project = await server.project("demo");
  const on = `project/${project.id}` as const;
  writer = await server.account(project, "writer", [[on, "roles/artifactregistry.writer"]]);
  reader = await server.account(project, "reader", [[on, "roles/artifactregistry.reader"]]);
  await pushImage(server, "demo/app", "1", smallImage("a"), tokenOf(writer));
});
afterAll(() => server.close());

const tokenOf = ({ account, key }: typeof writer, scopes: string[] = [scope.cloudPlatform]) =>
  server.accessToken(account, key, scopes);
const passwordOf = (of: typeof writer, scopes?: string[]) => basic("oauth2accesstoken", tokenOf(of, scopes));

interface TokenAnswer {
  token: string;
  access_token: string;
  scope: string;
  expires_in: number;
  issued_at: string;
}
const ask = async (query: string, headers: Record<string, string> = {}) => {
  const answer = await server.fetch(`/v2/token?service=localhost:5000${query}`, { headers });
  return { status: answer.status, body: (await answer.json()) as TokenAnswer };
};

describe("a token request", () => {
  test("is answered with token and access_token, the same, for an hour, and kept out of caches", async () => {
    const { status, body } = await ask("", passwordOf(writer));
    expect(status).toBe(200);
    expect(body.token).toBe(body.access_token);
    expect(body.token).toStartWith("wbr_");
    expect(body).toMatchObject({ expires_in: 3600, issued_at: "2026-11-23T12:00:00.000Z", scope: "" });
  });

  const scopes: [name: string, query: string, granted: string][] = [
    ["without a scope", "", ""],
    ["with an empty scope", "&scope=", ""],
    ["for pull", "&scope=repository:demo/app:pull", "repository:demo/app:pull"],
    ["in docker's order", "&scope=repository:demo/app:push,pull", "repository:demo/app:push,pull"],
    [
      "for two repositories in two parameters",
      "&scope=repository:demo/a:pull&scope=repository:demo/b:pull",
      "repository:demo/a:pull repository:demo/b:pull",
    ],
    [
      "for two repositories in one parameter",
      "&scope=repository:demo/a:pull%20repository:demo/b:push",
      "repository:demo/a:pull repository:demo/b:push",
    ],
    ["for more than may be had", "&scope=repository:demo/app:pull,delete", "repository:demo/app:pull"],
    ["for everything", "&scope=repository:demo/app:*", "repository:demo/app:pull,push"],
    ["for another project", "&scope=repository:other/app:pull,push", "repository:other/app:"],
    ["for a name that cannot be", "&scope=repository:UPPER/../x:pull", "repository:UPPER/../x:"],
    ["for the catalog", "&scope=registry:catalog:*", "registry:catalog:*"],
    ["of an unknown type", "&scope=registry:everything:*", "registry:everything:"],
    ["with a class", "&scope=repository(plugin):demo/app:pull", "repository:demo/app:pull"],
  ];
  test.each(scopes)("%s grants just what may be had", async (_name, query, granted) => {
    const { status, body } = await ask(query, passwordOf(writer));
    expect(status).toBe(200);
    expect(body.scope).toBe(granted);
  });

  test("grants a read-only token no push", async () => {
    const { body } = await ask("&scope=repository:demo/app:pull,push", passwordOf(writer, [scope.storageReadOnly]));
    expect(body.scope).toBe("repository:demo/app:pull");
  });

  test.each([
    "scope=repository",
    "scope=repository:x",
    "scope=repository:demo/app:PULL",
    `scope=${"x".repeat(2000)}:y:pull`,
  ])("with the malformed %p is refused", async (query) => {
    expect((await ask(`&${query}`, passwordOf(writer))).status).toBe(403);
  });

  test.each([
    ["no credentials", {}],
    ["an empty user name and password, as skopeo sends them", basic("", "")],
  ])("with %s is answered with an anonymous token", async (_name, headers) => {
    const { status, body } = await ask("&scope=repository:demo/app:pull", headers);
    expect(status).toBe(200);
    const answer = await server.fetch("/v2/demo/app/manifests/1", { headers: bearer(body.token) });
    expect(answer.status).toBe(401);
  });

  test("by POST with a password is answered as containerd needs it", async () => {
    const form = {
      grant_type: "password",
      client_id: "containerd-client",
      service: "x",
      scope: "repository:demo/a:pull repository:demo/b:pull,push",
    };
    const password = tokenOf(writer);
    const body = new URLSearchParams({ ...form, username: "oauth2accesstoken", password });
    const answer = await server.fetch("/v2/token", { method: "POST", body });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      access_token: expect.any(String),
      expires_in: 3600,
      scope: form.scope,
    });
  });

  const refusals: [string, () => Record<string, string>][] = [
    ["another user name", () => basic("alice", tokenOf(writer))],
    ["an unknown token", () => basic("oauth2accesstoken", "ya29.something")],
    ["an empty password", () => basic("oauth2accesstoken", "")],
    ["a scheme that is neither Basic nor Bearer", () => ({ authorization: "Digest x" })],
    ["Basic without a colon", () => ({ authorization: `Basic ${btoa("nocolon")}` })],
    ["an access token with a letter changed", () => basic("oauth2accesstoken", `${tokenOf(writer).slice(0, -3)}abc`)],
    ["an access token under another prefix", () => basic("oauth2accesstoken", tokenOf(writer).replace("wba_", "wbr_"))],
  ];
  test.each(refusals)("with %s is refused with 401", async (_name, headers) => {
    const { status, body } = await ask("", headers());
    expect(status).toBe(401);
    expect(body as unknown).toMatchObject({ errors: [{ code: "UNAUTHORIZED", message: expect.any(String) }] });
  });

  test("does not trade a registry token for another", async () => {
    const { body } = await ask("&scope=repository:demo/app:pull", passwordOf(writer));
    expect((await ask("", basic("oauth2accesstoken", body.token))).status).toBe(401);
    expect((await ask("", bearer(body.token))).status).toBe(401);
  });
});

describe("a registry token", () => {
  const get = (token: string, path = "/v2/demo/app/manifests/1", method = "GET") =>
    server.fetch(path, { method, headers: bearer(token) });
  const tokenFor = async (scopes: string, of = writer) => (await ask(`&scope=${scopes}`, passwordOf(of))).body.token;

  test("opens what it was made for", async () => {
    expect((await get(await tokenFor("repository:demo/app:pull"))).status).toBe(200);
  });

  test("made too narrow is asked to come back with the whole scope", async () => {
    const answer = await get(await tokenFor("repository:demo/app:pull"), "/v2/demo/app/blobs/uploads/", "POST");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toBe(
      'Bearer realm="http://localhost:5000/v2/token",service="localhost:5000",scope="repository:demo/app:pull,push",error="insufficient_scope"',
    );
  });

  test("of somebody without the role is told why, whatever the token says", async () => {
    const answer = await get(
      await tokenFor("repository:demo/app:pull,push", reader),
      "/v2/demo/app/blobs/uploads/",
      "POST",
    );
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      errors: [
        {
          code: "DENIED",
          message: expect.stringContaining("reader@demo.iam.waybill.internal"),
          detail: {
            reason: "policy",
            permission: "artifactregistry.repositories.uploadArtifacts",
            resource: "demo/app",
          },
        },
      ],
    });
  });

  test("from a read-only access token is told which scope a push needs", async () => {
    const { body } = await ask("&scope=repository:demo/app:pull,push", passwordOf(writer, [scope.storageReadOnly]));
    const answer = await get(body.token, "/v2/demo/app/blobs/uploads/", "POST");
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain("devstorage.read_write");
  });

  test("gets the same answer for a project that is not there and one that is not open to it", async () => {
    await server.project("closed");
    const token = await tokenFor("repository:closed/app:pull&scope=repository:absent/app:pull", reader);
    const [closed, absent] = await Promise.all([
      get(token, "/v2/closed/app/tags/list"),
      get(token, "/v2/absent/app/tags/list"),
    ]);
    expect(closed.status).toBe(403);
    expect(absent.status).toBe(403);
    expect((await closed.text()).replaceAll("closed", "NAME")).toBe((await absent.text()).replaceAll("absent", "NAME"));
  });

  test("dies with the key, the account and the project behind it", async () => {
    const ends: [string, (of: typeof writer, project: string) => Promise<void>][] = [
      [
        "key",
        async ({ key, account }) => {
          const row = await server.serviceAccountKeys.find(account, key.private_key_id);
          if (row) await server.serviceAccountKeys.delete(row);
        },
      ],
      ["disabled", async ({ account }) => server.serviceAccounts.setDisabled(account, true)],
      ["account", async ({ account }) => server.serviceAccounts.delete(account)],
      [
        "project",
        async (_of, name) => {
          const row = await server.projects.find(name);
          if (row) await server.projects.delete(row);
        },
      ],
    ];
    for (const [name, end] of ends) {
      const project = await server.project(`end-${name}`);
      const one = await server.account(project, "one", [[`project/${project.id}`, "roles/owner"]]);
      const headers = basic("oauth2accesstoken", server.accessToken(one.account, one.key));
      const { body } = await ask(`&scope=repository:end-${name}/app:pull`, headers);
      expect((await get(body.token, `/v2/end-${name}/app/tags/list`)).status).toBe(404);
      await end(one, `end-${name}`);
      expect((await get(body.token, `/v2/end-${name}/app/tags/list`)).status).toBe(401);
    }
  });

  test("ends after an hour, except for an upload that it opened", async () => {
    const token = await tokenFor("repository:demo/app:pull,push");
    const opened = await get(token, "/v2/demo/app/blobs/uploads/", "POST");
    const upload = opened.headers.get("location") ?? "";
    server.clock.now += 3_601_000;
    expect((await get(token)).status).toBe(401);
    expect((await get(token, "/v2/demo/app/blobs/uploads/", "POST")).status).toBe(401);
    expect((await get(token, upload)).status).toBe(204);
    server.clock.now += 3_600_000;
    expect((await get(token, upload)).status).toBe(401);
  });

  test("that has expired does not continue an upload that began after its end", async () => {
    const old = await tokenFor("repository:demo/app:pull,push");
    server.clock.now += 3_601_000;
    const young = await tokenFor("repository:demo/app:pull,push");
    const opened = await get(young, "/v2/demo/app/blobs/uploads/", "POST");
    expect((await get(old, opened.headers.get("location") ?? "")).status).toBe(401);
  });

  test("of another installation is refused, though its claims are the same", async () => {
    const other = await startTestServer();
    const project = await other.project("demo");
    const one = await other.account(project, "one", [[`project/${project.id}`, "roles/owner"]]);
    const foreign = other.accessToken(one.account, one.key);
    expect((await get(foreign)).status).toBe(401);
    await other.close();
  });
});

describe("/v2/", () => {
  const rows: [string, () => Promise<Record<string, string>>, number][] = [
    ["without credentials", async () => ({}), 401],
    ["with empty Basic", async () => basic("", ""), 401],
    ["with an access token as bearer", async () => bearer(tokenOf(writer)), 200],
    ["with an access token as password", async () => passwordOf(writer), 200],
    ["with a key file", async () => basic("_json_key", JSON.stringify(writer.key)), 200],
    ["with a registry token", async () => bearer((await ask("", passwordOf(writer))).body.token), 200],
    ["with a bad token", async () => bearer("wba_bad"), 401],
  ];
  test.each(rows)("%s answers with %p", async (_name, headers, status) => {
    const answer = await server.fetch("/v2/", { headers: await headers() });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
    if (status === 401) {
      expect(answer.headers.get("www-authenticate")).toStartWith(
        'Bearer realm="http://localhost:5000/v2/token",service="localhost:5000"',
      );
    }
  });

  test("challenges under the name that was asked, and under our own for a name that is not ours", async () => {
    const realmFor = async (host: string) =>
      (await server.fetch("/v2/", { headers: { host } })).headers.get("www-authenticate")?.split(",")[0];
    expect(await realmFor("127.0.0.1:5000")).toBe('Bearer realm="http://127.0.0.1:5000/v2/token"');
    expect(await realmFor("[::1]:5000")).toBe('Bearer realm="http://[::1]:5000/v2/token"');
    expect(await realmFor("evil.example")).toBe('Bearer realm="http://localhost:5000/v2/token"');
    expect(await realmFor('evil"injected')).toBe('Bearer realm="http://localhost:5000/v2/token"');
  });
});
