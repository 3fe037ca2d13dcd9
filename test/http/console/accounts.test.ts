import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { csrfToken } from "../../../src/http/console/csrf.ts";
import { basic, startTestServer, type TestServer } from "../../server.ts";
import { signIn } from "./shop.ts";

let server: TestServer;
let cookie: string;
const accounts = "/console/projects/shop/accounts";
const robot = `${accounts}/${encodeURIComponent("robot@shop.iam.waybill.internal")}`;

beforeAll(async () => {
  server = await startTestServer();
  await server.project("shop");
  ({ value: cookie } = await signIn(server, "olga@example.com", [["installation", "roles/owner"]]));
});
afterAll(() => server.close());

const look = async (path: string) => {
  const text = await (await server.fetch(path, { headers: { cookie: `waybill=${cookie}` } })).text();
  return text.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
};
const send = (path: string, fields: Record<string, string> = {}) =>
  server.fetch(path, {
    method: "POST",
    headers: { cookie: `waybill=${cookie}` },
    body: new URLSearchParams({ ...fields, csrf: csrfToken(cookie) }),
  });
const day = 86_400_000;

/** A session ends overnight. */
async function wait(days: number): Promise<void> {
  server.clock.now += days * day;
  ({ value: cookie } = await signIn(server, `olga-${server.clock.now}@example.com`, [["installation", "roles/owner"]]));
}

describe("a service account in the console", () => {
  test("is made, and bad names are told", async () => {
    expect((await send(accounts, { name: "robot", displayName: "Builds" })).headers.get("location")).toBe(robot);
    expect(await look(accounts)).toContain("robot@shop.iam.waybill.internal Builds Enabled");
    expect((await send(accounts, { name: "robot" })).status).toBe(409);
    expect((await send(accounts, { name: "No" })).status).toBe(400);
  });

  test("has keys with their age, last use and expiry; a key file is given out once and works", async () => {
    const answer = await send(`${robot}/keys`);
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment; filename="robot-[0-9a-f]{12}\.json"$/);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const file = await answer.text();
    const { private_key_id: id } = JSON.parse(file) as { private_key_id: string };
    const short = id.slice(0, 12);
    expect(await look(robot)).toContain(`${short} Good just now not yet never`);
    await wait(2);
    const headers = basic("_json_key", file);
    expect((await server.fetch("/v2/token", { headers })).status).toBe(200);
    // Sent as a password it lies in a client's configuration.
    expect(await look(robot)).toContain(`${short} Exposed 2 days ago just now never`);
    expect((await send(`${robot}/keys/${id}/disable`)).status).toBe(303);
    expect(await look(robot)).toContain(`${short} Disabled`);
    expect((await server.fetch("/v2/token", { headers })).status).toBe(401);
    expect((await send(`${robot}/keys/${id}/enable`)).status).toBe(303);
    expect((await server.fetch("/v2/token", { headers })).status).toBe(200);
    expect((await send(`${robot}/keys/${id}/delete`)).status).toBe(303);
    expect(await look(robot)).toContain("No keys.");
  });

  test("that is old is marked", async () => {
    await send(`${robot}/keys`);
    await wait(91);
    expect(await look(robot)).toMatch(/[0-9a-f]{12} Old 3 months ago/);
  });

  test("is disabled, enabled and deleted", async () => {
    await send(`${robot}/disable`);
    expect(await look(robot)).toContain("State Disabled");
    await send(`${robot}/enable`);
    expect(await look(robot)).toContain("State Enabled");
    expect((await send(`${robot}/delete`)).headers.get("location")).toBe(accounts);
    expect(await look(accounts)).not.toContain("robot@");
  });
});
