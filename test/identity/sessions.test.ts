import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { insertUser, setUserDisabled } from "../../src/storage/metadata/users.ts";
import { startTestServer, type TestServer } from "../server.ts";

const minute = 60_000;
const origin = { address: "127.0.0.1", agent: "a browser\n" };
let server: TestServer;
let count = 0;
let ada: { id: string; email: string };
beforeEach(async () => {
  server ??= await startTestServer();
  ada = { id: `1${++count}`, email: `ada${count}@example.com` };
  await server.metadata.write((write) => insertUser(write, ada, server.now()));
});
afterAll(() => server.close());

describe("a session", () => {
  test("is found by its cookie, as its user with every scope", async () => {
    const cookie = await server.sessions.begin(ada, "password", origin);
    expect(await server.sessions.find(cookie)).toMatchObject({
      principal: { kind: "user", ...ada },
      scopes: new Set(["https://www.googleapis.com/auth/cloud-platform"]),
      keyId: undefined,
    });
    for (const other of ["", "x", `${cookie}x`, cookie.slice(1), "x".repeat(100_000)])
      expect(await server.sessions.find(other)).toBeUndefined();
  });

  test("keeps its cookie's value nowhere in the database", async () => {
    const cookie = await server.sessions.begin(ada, "password", origin);
    const rows = await server.metadata.read.selectFrom("sessions").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(cookie);
  });

  test("has a new value at every sign-in", async () => {
    const values = [
      await server.sessions.begin(ada, "password", origin),
      await server.sessions.begin(ada, "password", origin),
    ];
    expect(new Set(values).size).toBe(2);
    expect(values[0]).toMatch(/^[\w-]{43}$/);
  });

  test("ends eight hours after it was last used, and a week after it began", async () => {
    const cookie = await server.sessions.begin(ada, "password", origin);
    server.clock.now += 8 * 60 * minute - 1;
    expect(await server.sessions.find(cookie)).toBeDefined();
    server.clock.now += 8 * 60 * minute;
    expect(await server.sessions.find(cookie)).toBeUndefined();
    expect(await server.sessions.list(ada.id)).toEqual([]);
    const busy = await server.sessions.begin(ada, "password", origin);
    for (let hours = 0; hours < 7 * 24 - 7; hours += 7) {
      server.clock.now += 7 * 60 * minute;
      expect(await server.sessions.find(busy)).toBeDefined();
    }
    server.clock.now += 7 * 60 * minute;
    expect(await server.sessions.find(busy)).toBeUndefined();
  });

  test("ends at once with its user, and is listed and ended by its id", async () => {
    const cookie = await server.sessions.begin(ada, "password", origin);
    const [row] = await server.sessions.list(ada.id);
    expect(row).toMatchObject({ how: "password", address: "127.0.0.1", agent: "a browser?" });
    await server.metadata.write((write) => setUserDisabled(write, ada.id, server.now()));
    expect(await server.sessions.find(cookie)).toBeUndefined();
    await server.metadata.write((write) => setUserDisabled(write, ada.id, null));
    expect(await server.sessions.find(cookie)).toBeDefined();
    expect(await server.sessions.end("somebody else", row?.id ?? "")).toBe(false);
    expect(await server.sessions.end(ada.id, row?.id ?? "")).toBe(true);
    expect(await server.sessions.find(cookie)).toBeUndefined();
  });
});
