import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../src/config/config.ts";
import { openDataFolder } from "../../src/data-folder.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { basic, bearer } from "../server.ts";

const image = smallImage("a");

let folder: string;
let data: ReturnType<typeof openDataFolder>;
let server: RunningServer;
let token: string;

const fetchFrom = (url: string, init: RequestInit = {}) => fetch(`${server.origin}${url}`, init);

async function start(...flags: readonly string[]): Promise<void> {
  const file = ["--data", join(folder, "data"), "--listen", "127.0.0.1:0", "--admin-key", join(folder, "owner.json")];
  server = await startServer(parseConfig([...file, ...flags]), data);
  const scope = "repository:shop/app:pull,push,delete";
  const headers = basic("_json_key", readFileSync(join(folder, "owner.json"), "utf8"));
  const answer = await fetchFrom(`/v2/token?scope=${scope}`, { headers });
  token = ((await answer.json()) as { token: string }).token;
}

/** A token for the administration API, from the owner's key. */
async function accessToken(): Promise<string> {
  const { SignJWT, importPKCS8 } = await import("jose");
  const key = JSON.parse(readFileSync(join(folder, "owner.json"), "utf8"));
  const assertion = await new SignJWT({ scope: "https://www.googleapis.com/auth/cloud-platform" })
    .setProtectedHeader({ alg: "RS256", kid: key.private_key_id })
    .setIssuer(key.client_email)
    .setAudience(`${server.origin}/token`)
    .setIssuedAt()
    .setExpirationTime("10m")
    .sign(await importPKCS8(key.private_key, "RS256"));
  const body = new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion });
  const answer = await fetchFrom("/token", { method: "POST", body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "waybill-read-only-"));
  data = openDataFolder(join(folder, "data"));
  await start();
  const headers = { ...bearer(await accessToken()), "content-type": "application/json" };
  await fetchFrom("/v1/projects", { method: "POST", headers, body: JSON.stringify({ projectId: "shop" }) });
  await pushAndClose();
}, 30_000);

/** A token made before there was the project would not carry it. */
async function pushAndClose(): Promise<void> {
  await server.stop();
  await start();
  await pushImage({ fetch: fetchFrom }, "shop/app", "v1", image, token);
  await server.stop();
  await start("--read-only");
}

afterAll(async () => {
  await server.stop();
  data.release();
  rmSync(folder, { recursive: true });
});

describe("a read-only server", () => {
  test("is pulled from, with tokens that it makes", async () => {
    const answer = await fetchFrom("/v2/shop/app/manifests/v1", { headers: bearer(token) });
    expect([answer.status, await answer.text()]).toEqual([200, image.manifest.toString()]);
    const head = await fetchFrom("/v2/shop/app/manifests/v1", { method: "HEAD", headers: bearer(token) });
    expect(head.status).toBe(200);
    expect((await fetchFrom("/v2/", { headers: bearer(token) })).status).toBe(200);
    expect((await fetchFrom("/v2/")).status).toBe(401);
  });

  test.each([
    ["POST", "/v2/shop/app/blobs/uploads/"],
    ["PUT", "/v2/shop/app/manifests/v2"],
    ["DELETE", "/v2/shop/app/manifests/v1"],
    ["DELETE", `/v2/shop/app/blobs/${image.digest}`],
  ])("answers %s %s with 405 and a text that clients show", async (method, url) => {
    const answer = await fetchFrom(url, { method, headers: bearer(token) });
    const message = "this registry is read-only at the moment: pulls go on, pushes and deletes are refused";
    const error = { code: "UNSUPPORTED", message, detail: { reason: "read-only" } };
    expect({ status: answer.status, body: await answer.json() }).toEqual({ status: 405, body: { errors: [error] } });
  });

  test("is looked into by its administrators, and changed by none", async () => {
    const headers = { ...bearer(await accessToken()), "content-type": "application/json" };
    expect((await fetchFrom("/v1/projects/shop", { headers })).status).toBe(200);
    const send = (method: string, url: string) => fetchFrom(url, { method, headers, body: "{}" });
    expect((await send("POST", "/v1/projects/shop:getIamPolicy")).status).toBe(200);
    for (const [method, url] of [
      ["POST", "/v1/projects"],
      ["DELETE", "/v1/projects/shop"],
      ["POST", "/v1/projects/shop:setIamPolicy"],
      ["PUT", "/v1/projects/shop/rules"],
      ["POST", "/v1/projects/shop:cleanUp"],
      ["PATCH", "/v1/projects/shop/projectSettings"],
    ] as const) {
      const answer = await send(method, url);
      const { error } = (await answer.json()) as { error: { status: string; message: string } };
      expect({ url, status: error.status }).toEqual({ url, status: "FAILED_PRECONDITION" });
      expect(error.message).toContain("read-only");
    }
  });
});

test("--read-only is a switch, on the command line and in a file", () => {
  expect(parseConfig([])["read-only"]).toBe(false);
  expect(parseConfig(["--read-only"])["read-only"]).toBe(true);
  const file = (text: string) => ({ env: {}, readFile: () => text });
  expect(parseConfig(["--config", "x"], file("read-only: true\n"))["read-only"]).toBe(true);
  expect(() => parseConfig(["--config", "x"], file("read-only: maybe\n"))).toThrow(/x:1: read-only/);
});
