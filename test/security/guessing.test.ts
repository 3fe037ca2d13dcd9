import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";
import { basic, bearer, startTestServer, type TestServer } from "../server.ts";

/** Twenty seconds' worth may come at once. */
const burst = 20;
let server: TestServer;
let key: KeyFile;
let token: string;

async function start(): Promise<void> {
  server = await startTestServer({}, "203.0.113.7", { anonymousPerSecond: 1 });
  const project = await server.project("shop");
  const robot = await server.account(project, "robot", [[`project/${project.id}`, "roles/owner"]]);
  key = robot.key;
  token = server.accessToken(robot.account, robot.key);
}

/** The right key's name with a private half that is not it. */
function forged(): KeyFile {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...key, private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

const post = (body: Record<string, string>): RequestInit => ({ method: "POST", body: new URLSearchParams(body) });

describe("guessing is slowed, and in the audit log", () => {
  beforeEach(start);
  afterEach(() => server.close());

  const guesses: [string, () => [string, RequestInit], string][] = [
    ["a token at /v2/", () => ["/v2/", { headers: bearer(`${token.slice(0, -4)}AAAA`) }], "bad_signature"],
    ["a password at /v2/token", () => ["/v2/token", { headers: basic("oauth2accesstoken", "guess") }], "malformed"],
    ["a user at /v2/token", () => ["/v2/token", { headers: basic("admin", "admin") }], "unsupported_username"],
    ["a token at the API", () => ["/v1/projects", { headers: bearer(`${token.slice(0, -4)}AAAA`) }], "bad_signature"],
    [
      "an assertion at /token",
      () => ["/token", post({ grant_type: jwtBearer, assertion: assertionOf(forged(), server.clock.now) })],
      "bad_signature",
    ],
  ];
  test.each(guesses)("%s", async (_, guess, reason) => {
    const [path, init] = guess();
    const statuses: number[] = [];
    for (let each = 0; each < burst + 5; each++) statuses.push((await server.fetch(path, init)).status);
    expect(statuses.slice(0, burst).every((status) => status === 401 || status === 400)).toBe(true);
    expect(statuses.slice(burst)).toEqual(Array(5).fill(429));
    // Whoever has a good credential is not kept out by a neighbour who guesses.
    expect((await server.fetch("/v2/", { headers: bearer(token) })).status).toBe(200);
    server.clock.now += 5000;
    expect((await server.fetch(path, init)).status).not.toBe(429);
    await server.audit.checkpoint();
    server.clock.now += 61_000;
    await server.audit.checkpoint();
    const { lines } = await server.audit.read({ limit: 100 });
    const refused = lines.map(({ entry }) => entry).filter((entry) => entry.kind === "credential.refused");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((entry) => entry.reason === reason)).toBe(true);
    expect(refused[0]).toMatchObject({ who: { id: "" }, from: { address: "203.0.113.7" } });
    const counted = lines.filter(({ entry }) => entry.kind === "repeated").map(({ entry }) => Number(entry.times));
    expect(refused.length + counted.reduce((sum, times) => sum + times, 0)).toBe(burst + 6);
  });

  test("a key file whose private half is another one", async () => {
    const local = await startTestServer({}, "127.0.0.1", { anonymousPerSecond: 1 });
    const project = await local.project("shop");
    ({ key } = await local.account(project, "robot"));
    const headers = basic("_json_key", JSON.stringify(forged()));
    const statuses: number[] = [];
    for (let each = 0; each < burst + 2; each++) statuses.push((await local.fetch("/v2/token", { headers })).status);
    expect(statuses).toEqual([...Array(burst).fill(401), 429, 429]);
    const { lines } = await local.audit.read({ newestFirst: true, limit: 1 });
    expect(lines[0]?.entry).toMatchObject({ kind: "credential.refused", reason: "unknown_key" });
    await local.close();
  });
});

describe("a token or key in a URL or a Referer is no credential", () => {
  beforeAll(start);
  afterAll(() => server.close());

  const places = ["access_token", "token", "key", "bearer_token", "oauth_token", "authorization", "password"];
  const doors: [string, number[]][] = [
    ["GET /v2/", [401]],
    ["GET /v2/_catalog", [401]],
    ["GET /v2/shop/app/tags/list", [401]],
    ["GET /v1/projects", [401]],
    ["GET /v1/projects/shop", [401]],
    ["POST /v1/projects/shop:getIamPolicy", [401]],
    ["GET /v1/logEntries", [401]],
    ["GET /tokeninfo", [400, 401]],
    ["GET /userinfo", [400, 401]],
    ["GET /console/", [303]],
  ];
  test.each(doors)("at %s", async (door, statuses) => {
    const [method = "", path = ""] = door.split(" ");
    for (const place of places) {
      for (const secret of [token, JSON.stringify(key)]) {
        const url = `${path}?${new URLSearchParams({ [place]: secret })}`;
        const headers = { referer: `http://localhost:5000${url}` };
        server.clock.now += 1000;
        expect(statuses).toContain((await server.fetch(url, { method, headers })).status);
      }
    }
    const { lines } = await server.audit.read({ limit: 1000 });
    expect(JSON.stringify(lines)).not.toContain(token.slice(-40));
  });
});
