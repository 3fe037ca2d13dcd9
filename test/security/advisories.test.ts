import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { scope } from "../../src/identity/scopes.ts";
import { parseTag } from "../../src/registry/reference.ts";
import { parseRepository } from "../../src/registry/repository.ts";
import { resolveRepository } from "../../src/registry/resolve.ts";
import { pushBlob, pushImage, smallImage } from "../registry/small-image.ts";
import { basic, bearer, startTestServer, type TestServer } from "../server.ts";

// What went wrong in other registries, done to ours. docs/security.md lists every advisory with the test that answers it.

let server: TestServer;
const image = smallImage("private");
const [config = new Uint8Array(), layer = new Uint8Array()] = image.blobs;
const tokens: Record<string, string> = {};
let layerDigest: string;
let uploadOfOwner: string;

beforeAll(async () => {
  server = await startTestServer();
  const [mine, other] = [await server.project("mine"), await server.project("other")];
  const add = async (name: string, of: typeof mine, role: string, scopes: string[] = [scope.cloudPlatform]) => {
    const { account, key } = await server.account(of, name, [[`project/${of.id}`, role]]);
    tokens[name] = server.accessToken(account, key, scopes);
    return { account, key };
  };
  await add("owner", mine, "roles/owner");
  await add("second", mine, "roles/owner");
  await add("stranger", other, "roles/owner");
  await add("impersonator", mine, "roles/owner", [scope.iam]);
  const late = await add("late", mine, "roles/owner");
  const registryToken = async (who: string, of: string) => {
    const headers = basic("oauth2accesstoken", tokens[who] as string);
    const answer = await server.fetch(`/v2/token?scope=repository:${of}:pull,push`, { headers });
    return ((await answer.json()) as { token: string }).token;
  };
  tokens.elsewhere = await registryToken("owner", "mine/elsewhere");
  tokens.anonymous = (
    (await (await server.fetch("/v2/token?scope=repository:mine/app:pull")).json()) as { token: string }
  ).token;
  await pushImage(server, "mine/app", "1", image, tokens.owner as string);
  layerDigest = await pushBlob(server, "mine/app", layer, tokens.owner as string);
  const opened = await server.fetch("/v2/mine/app/blobs/uploads/", {
    method: "POST",
    headers: bearer(tokens.owner as string),
  });
  uploadOfOwner = opened.headers.get("location") ?? "";
  await server.serviceAccounts.setDisabled(late.account, true);
  // Last, and unharmed by what was refused before it: a token of a key that is gone.
  const gone = await add("gone", mine, "roles/owner");
  const row = await server.serviceAccountKeys.find(gone.account, gone.key.private_key_id);
  if (row) await server.serviceAccountKeys.delete(row);
});
afterAll(() => server.close());

describe("a private repository answers nobody else (CVE-2026-27771)", () => {
  const routes: [method: string, path: () => string][] = [
    ["GET", () => "/v2/mine/app/manifests/1"],
    ["HEAD", () => "/v2/mine/app/manifests/1"],
    ["GET", () => `/v2/mine/app/manifests/${image.digest}`],
    ["GET", () => `/v2/mine/app/blobs/${layerDigest}`],
    ["HEAD", () => `/v2/mine/app/blobs/${layerDigest}`],
    ["GET", () => "/v2/mine/app/tags/list"],
    ["GET", () => `/v2/mine/app/referrers/${image.digest}`],
    ["POST", () => "/v2/mine/app/blobs/uploads/"],
    ["POST", () => `/v2/mine/app/blobs/uploads/?mount=${layerDigest}&from=mine/app`],
    ["GET", () => uploadOfOwner],
    ["PATCH", () => uploadOfOwner],
    ["PUT", () => `${uploadOfOwner}?digest=${layerDigest}`],
    ["DELETE", () => uploadOfOwner],
    ["PUT", () => "/v2/mine/app/manifests/2"],
    ["DELETE", () => "/v2/mine/app/manifests/1"],
    ["DELETE", () => `/v2/mine/app/manifests/${image.digest}`],
    ["DELETE", () => `/v2/mine/app/blobs/${layerDigest}`],
  ];
  const callers: [who: string, status: number][] = [
    ["nobody", 401],
    ["anonymous", 401],
    ["stranger", 403],
    ["impersonator", 403],
    ["elsewhere", 401],
    ["late", 401],
    ["gone", 401],
  ];
  for (const [who, status] of callers) {
    test.each(routes)(`to ${who} at %s %p`, async (method, path) => {
      const headers = tokens[who] === undefined ? {} : bearer(tokens[who]);
      const answer = await server.fetch(path(), { method, headers });
      expect(answer.status).toBe(status);
      const text = await answer.text();
      for (const secret of [image.digest, "layer of private", layerDigest]) expect(text).not.toContain(secret);
    });
  }
});

describe("an upload belongs to who opened it, in the repository it was opened for (CVE-2026-32589)", () => {
  const attempts: [string, string, () => string][] = [
    ["another account of the project", "second", () => uploadOfOwner],
    ["the same account through another repository", "owner", () => uploadOfOwner.replace("/app/", "/app2/")],
  ];
  test.each(attempts)("not to %s", async (_name, who, path) => {
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const answer = await server.fetch(path(), { method, headers: bearer(tokens[who] as string) });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ errors: [{ code: "BLOB_UPLOAD_UNKNOWN" }] });
    }
    const still = await server.fetch(uploadOfOwner, { headers: bearer(tokens.owner as string) });
    expect(still.status).toBe(204);
  });
});

test("a blob that was deleted here stays deleted when another repository serves it (CVE-2026-35172)", async () => {
  const headers = bearer(tokens.owner as string);
  const digest = await pushBlob(server, "mine/first", config, tokens.owner as string);
  await pushBlob(server, "mine/second", config, tokens.owner as string);
  const get = (name: string) => server.fetch(`/v2/mine/${name}/blobs/${digest}`, { headers });
  expect((await get("first")).status).toBe(200);
  expect((await server.fetch(`/v2/mine/first/blobs/${digest}`, { method: "DELETE", headers })).status).toBe(202);
  expect((await get("second")).status).toBe(200);
  expect((await get("first")).status).toBe(404);
});

test("who may create a tag may not therefore move one, latest or any other (CVE-2026-31801)", async () => {
  const resolved = await resolveRepository(server.metadata, parseRepository("mine/app", "default"));
  const changed = smallImage("changed");
  for (const blob of changed.blobs) await pushBlob(server, "mine/app", blob, tokens.owner as string);
  const push = (tag: string) =>
    server.manifests.put(resolved, {
      digest: undefined,
      tags: [parseTag(tag)],
      contentType: changed.mediaType,
      body: changed.manifest,
      principal: "somebody",
      allowTag: (change) => {
        if (change === "move") throw new Error("may not move");
      },
    });
  expect(push("1")).rejects.toThrow("may not move");
  const still = await server.fetch("/v2/mine/app/manifests/1", { headers: bearer(tokens.owner as string) });
  expect(still.headers.get("docker-content-digest")).toBe(image.digest);
  await push("new");
});

test("a role that is taken away is gone at the next request, token or not (CVE-2025-23208)", async () => {
  const project = await server.project("fleeting");
  const { account, key } = await server.account(project, "robot", [[`project/${project.id}`, "roles/owner"]]);
  const access = server.accessToken(account, key);
  await pushImage(server, "fleeting/app", "1", image, access);
  const minted = await server.fetch("/v2/token?scope=repository:fleeting/app:pull", {
    headers: basic("oauth2accesstoken", access),
  });
  const { token } = (await minted.json()) as { token: string };
  const get = () => server.fetch("/v2/fleeting/app/manifests/1", { headers: bearer(token) });
  expect((await get()).status).toBe(200);
  await server.policies.set(`project/${project.id}`, { bindings: [] });
  expect((await get()).status).toBe(403);
});

test("a made-again project is another one: its namesake's bindings, images and tokens are not its own", async () => {
  const first = await server.project("phoenix");
  const { account, key } = await server.account(first, "robot", [[`project/${first.id}`, "roles/owner"]]);
  const old = server.accessToken(account, key);
  await pushImage(server, "phoenix/app", "1", image, old);
  await server.projects.delete(first);
  const second = await server.project("phoenix");
  const again = await server.account(second, "robot");
  const young = server.accessToken(again.account, again.key);
  const get = (token: string) => server.fetch("/v2/phoenix/app/manifests/1", { headers: bearer(token) });
  expect((await get(old)).status).toBe(401);
  expect((await get(young)).status).toBe(403);
  await server.grant(`project/${second.id}`, `serviceAccount:${again.account.id}`, "roles/owner");
  expect((await get(young)).status).toBe(404);
});
