import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { startWorld, type World } from "./exchange.ts";

// A password costs what it should, and more of it on a busy machine.
setDefaultTimeout(60_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.server.close());

const origin = "http://localhost:5000";
const from = { address: "192.0.2.7", agent: "a browser" };

describe("users over the administration API", () => {
  test("are invited with a link, whose code is in the fragment and nowhere in the database", async () => {
    const { status, body } = await world.owner("POST /v1/users:invite", { email: " Ada@Example.com" });
    expect(status).toBe(200);
    expect(body.user).toMatchObject({ name: "users/ada@example.com", email: "ada@example.com" });
    expect(body.user.joinTime).toBeUndefined();
    expect(body.expireTime).toBe("2026-11-24T12:00:00.000Z");
    const [, code = ""] = body.link.split(`${origin}/console/invitation#code=`);
    expect(code).toMatch(/^[\w-]{43}$/);
    const rows = await world.server.metadata.read.selectFrom("one_time_codes").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(code);
  });

  test.each(["x", "a@b@c", "x@p.iam.waybill.internal"])("are not invited as %p", async (email) => {
    expect((await world.owner("POST /v1/users:invite", { email })).status).toBe(400);
  });

  test("take nothing into their row that a body may not say (mass assignment)", async () => {
    for (const extra of [{ uniqueId: "1" }, { disabled: false }, { joinTime: "x" }, { link: "x" }])
      expect((await world.owner("POST /v1/users:invite", { email: "eve@example.com", ...extra })).status).toBe(400);
    expect((await world.owner("GET /v1/users/eve@example.com")).status).toBe(404);
  });

  test("are listed page by page, and found by e-mail and by unique id", async () => {
    for (const name of ["b1", "b2", "b3"]) await world.server.users.invite(`${name}@example.com`);
    const seen: string[] = [];
    let token = "";
    do {
      const { body } = await world.owner(`GET /v1/users?pageSize=2${token && `&pageToken=${token}`}`);
      seen.push(...body.users.map(({ email }: { email: string }) => email));
      token = body.nextPageToken ?? "";
    } while (token !== "");
    expect(seen).toEqual([...seen].sort());
    expect(seen).toContain("b2@example.com");
    const { body } = await world.owner("GET /v1/users/b2@example.com");
    expect((await world.owner(`GET /v1/users/${body.uniqueId}`)).body).toEqual(body);
  });

  test("are disabled with their sessions and logins, enabled again, and deleted", async () => {
    const { user } = await world.server.users.invite("grace@example.com");
    const cookie = await world.server.sessions.begin(user, "password", from);
    const login = { kind: "oauth", principal: `user:${user.id}`, clientId: "waybill", scopes: "openid" } as const;
    const { refreshToken } = await world.server.logins.begin({ ...login, address: from.address });
    const one = "/v1/users/grace@example.com";
    expect((await world.owner(`GET ${one}/sessions`)).body.sessions).toMatchObject([{ how: "password", ...from }]);
    expect((await world.owner(`GET ${one}/logins`)).body.logins).toMatchObject([{ clientId: "waybill" }]);
    await world.owner(`POST ${one}:disable`, {});
    expect((await world.owner(`GET ${one}`)).body.disabled).toBe(true);
    expect(await world.server.sessions.find(cookie)).toBeUndefined();
    await world.owner(`POST ${one}:enable`, {});
    expect((await world.owner(`GET ${one}`)).body.disabled).toBeUndefined();
    expect(await world.server.sessions.find(cookie)).toBeUndefined();
    await expect(world.server.logins.refresh(refreshToken, "waybill")).rejects.toThrow();
    await world.owner(`DELETE ${one}`);
    expect((await world.owner(`GET ${one}`)).status).toBe(404);
    const again = await world.server.users.invite("grace@example.com");
    expect(again.user.id).not.toBe(user.id);
  });

  test("have sessions and logins that are ended one by one, each by its own user's path only", async () => {
    const [{ user: ada }, { user: eve }] = [
      await world.server.users.invite("ada@example.com"),
      await world.server.users.invite("eve@example.com"),
    ];
    const cookie = await world.server.sessions.begin(ada, "password", from);
    const [{ name }] = (await world.owner(`GET /v1/users/${ada.email}/sessions`)).body.sessions;
    const id = name.split("/").at(-1);
    expect((await world.owner(`DELETE /v1/users/${eve.email}/sessions/${id}`)).status).toBe(404);
    expect(await world.server.sessions.find(cookie)).toBeDefined();
    expect((await world.owner(`DELETE /v1/users/${ada.email}/sessions/${id}`)).status).toBe(200);
    expect(await world.server.sessions.find(cookie)).toBeUndefined();
    const login = { kind: "oauth", principal: `user:${ada.id}`, clientId: "waybill", scopes: "openid" } as const;
    const granted = await world.server.logins.begin({ ...login, address: "" });
    expect((await world.owner(`DELETE /v1/users/${eve.email}/logins/${granted.login.id}`)).status).toBe(404);
    expect((await world.owner(`DELETE /v1/users/${ada.email}/logins/${granted.login.id}`)).status).toBe(200);
    expect((await world.owner(`DELETE /v1/users/${ada.email}/logins/${granted.login.id}`)).status).toBe(404);
  });

  test("are granted roles before they come in, and have them then; a namesake after them has not", async () => {
    await world.owner("POST /v1/projects/shop:setIamPolicy", {
      policy: { bindings: [{ role: "roles/viewer", members: ["user:early@example.com"] }] },
    });
    const { user } = await world.server.users.invite("early@example.com");
    const cookie = await world.server.sessions.begin(user, "password", from);
    const caller = await world.server.sessions.find(cookie);
    if (!caller) throw new Error("no session");
    const resource = { name: "shop", keys: [`project/${world.shop.id}`, "installation"] } as const;
    const may = async (by: typeof caller) =>
      (await world.server.access.decide(by, "resourcemanager.projects.get", resource)).allowed;
    expect(await may(caller)).toBe(true);
    const details = await world.server.users.find(user.id);
    if (details) await world.server.users.delete(details);
    const { user: namesake } = await world.server.users.invite("early@example.com");
    const other = await world.server.sessions.find(await world.server.sessions.begin(namesake, "password", from));
    expect(other && (await may(other))).toBe(false);
  });
});
