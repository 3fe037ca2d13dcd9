import { afterAll, beforeAll, expect, test } from "bun:test";
import type { KeyFile } from "../../src/identity/key-file.ts";
import type { ServiceAccountRow } from "../../src/storage/metadata/service-accounts.ts";
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
