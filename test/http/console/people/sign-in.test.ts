import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { startTestServer, type TestServer } from "../../../server.ts";
import { Browser } from "./browser.ts";

// A password costs what it should, and more of it on a busy machine.
setDefaultTimeout(60_000);

const password = "a long enough password";
let server: TestServer;
let count = 0;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Somebody who came in by an invitation and chose a password. */
async function addUser(name = `ada${++count}`): Promise<string> {
  const email = `${name}@example.com`;
  const { code } = await server.users.invite(email);
  await server.joining.accept(code, { kind: "password", password }, { address: "", agent: "" });
  return email;
}

async function signIn(browser: Browser, email: string, typed = password, next = ""): Promise<Response> {
  await browser.open(`/console/sign-in${next}`);
  return await browser.submit("/console/sign-in", { email, password: typed });
}

describe("signing in with a password", () => {
  test("begins a session, whose cookie leads to the console", async () => {
    const email = await addUser();
    const browser = new Browser(server);
    const answer = await signIn(browser, email.toUpperCase());
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/console/");
    const cookie = answer.headers.getSetCookie().find((each) => each.startsWith("waybill="));
    expect(cookie).toMatch(/^waybill=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect((await server.sessions.find(browser.cookies.get("waybill") ?? ""))?.principal).toMatchObject({ email });
    expect(browser.cookies.has("waybill-visit")).toBe(false);
  });

  test("over HTTPS the cookie is one that no other host can set, and goes nowhere in clear", async () => {
    const secure = await startTestServer({ publicUrl: "https://registry.example.com", tls: true });
    const { code } = await secure.users.invite("ada@example.com");
    await secure.joining.accept(code, { kind: "password", password }, { address: "", agent: "" });
    const browser = new Browser(secure, "https://registry.example.com");
    const answer = await signIn(browser, "ada@example.com");
    const cookie = answer.headers.getSetCookie().find((each) => each.startsWith("__Host-waybill="));
    expect(cookie).toEndWith("; Path=/; HttpOnly; SameSite=Lax; Secure");
    await secure.close();
  });

  test("takes no value that the browser had before (session fixation)", async () => {
    const email = await addUser();
    const browser = new Browser(server);
    browser.cookies.set("waybill", "chosen-by-somebody-else");
    await signIn(browser, email);
    expect(browser.cookies.get("waybill")).not.toBe("chosen-by-somebody-else");
    expect(await server.sessions.find("chosen-by-somebody-else")).toBeUndefined();
  });

  test("ends the session that the browser had", async () => {
    const [first, second] = [await addUser(), await addUser()];
    const browser = new Browser(server);
    await signIn(browser, first);
    const old = browser.cookies.get("waybill") ?? "";
    await signIn(browser, second);
    expect(await server.sessions.find(old)).toBeUndefined();
    expect((await server.sessions.find(browser.cookies.get("waybill") ?? ""))?.principal).toMatchObject({
      email: second,
    });
  });

  test("signing out ends the session at the server and takes the cookie away", async () => {
    const email = await addUser();
    const browser = new Browser(server);
    await signIn(browser, email);
    const cookie = browser.cookies.get("waybill") ?? "";
    await browser.open("/console/");
    expect((await browser.submit("/console/sign-out", {})).headers.get("location")).toBe("/console/sign-in");
    expect(browser.cookies.has("waybill")).toBe(false);
    expect(await server.sessions.find(cookie)).toBeUndefined();
  });
});

describe("a failed sign-in", () => {
  const strip = (page: string) => page.replaceAll(/value="[^"]*"/g, "");

  test("reads the same whoever it was for", async () => {
    const disabled = await addUser();
    const user = await server.users.find(disabled);
    if (user) await server.users.setDisabled(user, true);
    await server.users.invite(`invited${count}@example.com`);
    const pages: string[] = [];
    const attempts: [string, string][] = [
      [await addUser(), "a wrong password, that is long"],
      [disabled, password],
      [`invited${count}@example.com`, password],
      ["nobody@example.com", password],
      ["not an e-mail", password],
    ];
    for (const [email, typed] of attempts) {
      const browser = new Browser(server);
      const answer = await signIn(browser, email, typed);
      expect(answer.status).toBe(401);
      expect(answer.headers.getSetCookie()).toEqual([]);
      pages.push(strip(browser.page));
    }
    expect(new Set(pages).size).toBe(1);
    expect(pages[0]).toContain("The e-mail or the password is wrong.");
  });

  test("is slowed after a few, for names that nobody has as well, and is logged without the password", async () => {
    for (const email of [await addUser(), "nobody-at-all@example.com"]) {
      const browser = new Browser(server);
      server.logged.length = 0;
      server.clock.now += 3_600_000;
      for (let tries = 0; tries < 5; tries++)
        expect((await signIn(browser, email, "wrong wrong wrong")).status).toBe(401);
      const slowed = await signIn(browser, email, password);
      expect(slowed.status).toBe(429);
      expect(slowed.headers.get("retry-after")).toBe("30");
      expect(browser.page).toContain("Too many wrong passwords came before this one. Try again in 30 seconds.");
      expect(server.logged.at(-1)?.error).toMatchObject({ email, address: "127.0.0.1" });
      expect(server.logged.at(-1)?.message).toContain("guesses a password");
      expect(JSON.stringify(server.logged)).not.toContain("wrong wrong");
      server.clock.now += 30_000;
      expect((await signIn(browser, email, password)).status).toBe(email.startsWith("nobody") ? 401 : 303);
      server.clock.now += 600_000;
    }
  });

  test("from one address at many names is slowed as well", async () => {
    server.clock.now += 3_600_000;
    const statuses: number[] = [];
    const browser = new Browser(server);
    await browser.open("/console/sign-in");
    const form = browser.forms().get("/console/sign-in") ?? {};
    for (let tries = 0; tries < 31; tries++) {
      const fields = { ...form, email: `somebody${tries}@example.com`, password: "wrong" };
      statuses.push((await browser.post("/console/sign-in", fields)).status);
    }
    expect(statuses.slice(0, 30)).toEqual(Array(30).fill(401));
    expect(statuses[30]).toBe(429);
    server.clock.now += 3_600_000;
  }, 30_000);
});

describe("after signing in", () => {
  test.each([
    ["/console/projects/shop?after=x", "/console/projects/shop?after=x"],
    ["//evil.example/console/", "/console/"],
    ["/console/%5c%5cevil.example", "/console/"],
  ])("%p leads to %p", async (next, location) => {
    const browser = new Browser(server);
    const email = await addUser();
    const answer = await signIn(browser, email, password, `?next=${encodeURIComponent(next)}`);
    expect(answer.headers.get("location")).toBe(location);
    // The form's own field is no better than the address.
    await browser.open("/console/sign-in");
    const again = await browser.submit("/console/sign-in", { email, password, next });
    expect(again.headers.get("location")).toBe(location);
  });
});

describe("the first owner", () => {
  test("comes in by the link of waybill setup, once, and owns the installation", async () => {
    const code = await server.codes.issue();
    const browser = new Browser(server);
    await browser.open("/console/setup");
    const fields = { code, email: "Owner@Example.com", password, again: password };
    const answer = await browser.submit("/console/setup", fields);
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/console/");
    const policy = await server.policies.get("installation");
    expect(policy.bindings).toContainEqual({ role: "roles/owner", members: ["user:owner@example.com"] });
    expect((await browser.open("/console/")).status).toBe(200);
    const other = new Browser(server);
    await other.open("/console/setup");
    const second = await other.submit("/console/setup", { ...fields, email: "other@example.com" });
    expect(second.status).toBe(403);
    expect(other.page).toContain("This link was used, or is too old.");
    expect(await server.users.find("other@example.com")).toBeUndefined();
  });

  test.each([
    ["a short password", { password: "short", again: "short" }, "12 to 256 characters"],
    ["two passwords", { password, again: "another long password" }, "The two passwords differ."],
    ["an easy password", { password: "aaaaaaaaaaaaaaa", again: "aaaaaaaaaaaaaaa" }, "too easily guessed"],
    ["no e-mail", { email: "nobody" }, "not an e-mail address"],
    ["a service account's e-mail", { email: "x@p.iam.waybill.internal" }, "ends like a service account&#39;s"],
  ])("keeps the link where somebody types %s", async (_name, typed, text) => {
    const code = await server.codes.issue();
    const browser = new Browser(server);
    await browser.open("/console/setup");
    const fields = { code, email: "second@example.com", password, again: password };
    expect((await browser.submit("/console/setup", { ...fields, ...typed })).status).toBe(400);
    expect(browser.page).toContain(text);
    expect(await server.codes.isGood(code)).toBe(true);
  });

  test("is not made with a code that is too old", async () => {
    const code = await server.codes.issue();
    server.clock.now += 15 * 60_000;
    const browser = new Browser(server);
    await browser.open("/console/setup");
    const fields = { code, email: "late@example.com", password, again: password };
    expect((await browser.submit("/console/setup", fields)).status).toBe(403);
  });
});

describe("an invitation", () => {
  test("lets one person in once, within a day", async () => {
    const { code } = await server.users.invite("grace@example.com");
    const browser = new Browser(server);
    await browser.open("/console/invitation");
    const answer = await browser.submit("/console/invitation", { code, password, again: password });
    expect(answer.status).toBe(303);
    expect((await server.sessions.find(browser.cookies.get("waybill") ?? ""))?.principal).toMatchObject({
      email: "grace@example.com",
    });
    await browser.open("/console/invitation");
    expect((await browser.submit("/console/invitation", { code, password, again: password })).status).toBe(403);
    const { code: late } = await server.users.invite("late@example.com");
    server.clock.now += 24 * 60 * 60_000;
    await browser.open("/console/invitation");
    expect((await browser.submit("/console/invitation", { code: late, password, again: password })).status).toBe(403);
  });

  test("ends the one before it, and whatever sessions the user had", async () => {
    const email = await addUser();
    const browser = new Browser(server);
    await signIn(browser, email);
    const { code: first } = await server.users.invite(email);
    const { code: second } = await server.users.invite(email);
    expect(await server.joining.invited(first)).toBeUndefined();
    const other = new Browser(server);
    await other.open("/console/invitation");
    const chosen = "another long password";
    expect((await other.submit("/console/invitation", { code: second, password: chosen, again: chosen })).status).toBe(
      303,
    );
    expect(await server.sessions.find(browser.cookies.get("waybill") ?? "")).toBeUndefined();
    expect((await signIn(browser, email)).status).toBe(401);
    expect((await signIn(browser, email, chosen)).status).toBe(303);
  });

  test("is refused for an e-mail that no person can have, and for a disabled user", async () => {
    for (const email of ["x", "a@b@c", "x@p.iam.waybill.internal", "x@iam.waybill.internal", "a b@c.de", 'a"b@c.de'])
      await expect(server.users.invite(email)).rejects.toThrow();
    const user = await server.users.find(await addUser());
    if (user) await server.users.setDisabled(user, true);
    await expect(server.users.invite(user?.email ?? "")).rejects.toThrow("enable them first");
  });
});
