// Signing in at somebody else's OIDC provider: a certified one, in a process of its own.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { parseOutsideProviders } from "../../../src/identity/people/outside-providers.ts";
import { Browser } from "../../http/console/people/browser.ts";
import { origin, startTestServer, type TestServer } from "../../server.ts";

// A password costs what it should, and more of it on a busy machine.
setDefaultTimeout(60_000);

const program = fileURLToPath(new URL("../../oauth/oidc-provider.ts", import.meta.url));
const callback = "/console/sign-in/with/corp/callback";
const settings = {
  name: "corp",
  title: "Corporate login",
  "client-id": "waybill-server",
  "client-secret": "a-secret-of-the-two",
  domains: ["example.com", "iam.waybill.internal"],
};

let child: Bun.Subprocess<"ignore", "pipe", "ignore">;
let issuer: string;
let server: TestServer;

beforeAll(async () => {
  const command = [settings["client-id"], settings["client-secret"], `${origin}${callback}`];
  child = Bun.spawn([process.execPath, program, ...command], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  let said = "";
  for await (const chunk of child.stdout) {
    said += Buffer.from(chunk).toString();
    if (said.includes("ready: ")) break;
  }
  issuer = /ready: (\S+)/.exec(said)?.[1] ?? "";
  const providers = parseOutsideProviders([
    { ...settings, issuer },
    { ...settings, name: "gone", title: "Nobody there", issuer: "http://127.0.0.1:9" },
  ]);
  server = await startTestServer({}, "127.0.0.1", {}, [], providers);
}, 30_000);
afterAll(async () => {
  child.kill();
  await child.exited;
  await server.close();
});

/** Goes to the provider and types a name there; answers the address that it sends the browser back to. */
async function visitProvider(browser: Browser, name: string, next = "/console/"): Promise<string> {
  const start = await browser.send(`/console/sign-in/with/corp?next=${encodeURIComponent(next)}`);
  expect(start.status).toBe(303);
  const wire = (url: string, init?: RequestInit) => fetch(url, { ...init, redirect: "manual" });
  const outside = new Browser({ fetch: wire }, issuer);
  let location = start.headers.get("location") ?? "";
  for (let hops = 0; hops < 10; hops++) {
    if (location.startsWith(origin)) return location.slice(origin.length);
    const { pathname, search } = new URL(location, issuer);
    const answer = await outside.open(`${pathname}${search}`);
    if (answer.status >= 300 && answer.status < 400) {
      location = answer.headers.get("location") ?? "";
      continue;
    }
    const [action = "", fields = {}] = [...outside.forms()][0] ?? [];
    const typed = fields.prompt === "login" ? { login: name, password: "any" } : {};
    const posted = await outside.post(new URL(action, issuer).pathname, { ...fields, ...typed });
    location = posted.headers.get("location") ?? "";
  }
  throw new Error("the provider sends the browser around");
}

async function signInAs(name: string, next?: string): Promise<{ browser: Browser; answer: Response }> {
  const browser = new Browser(server);
  const back = await visitProvider(browser, name, next);
  return { browser, answer: await browser.open(back) };
}

async function whoIs(browser: Browser): Promise<unknown> {
  return (await server.sessions.find(browser.cookies.get("waybill") ?? ""))?.principal;
}

describe("signing in at an OIDC provider", () => {
  test("is offered on the page, and makes a user at the first time, where the operator lets that domain in", async () => {
    const page = new Browser(server);
    await page.open("/console/sign-in");
    expect(page.page).toContain("Sign in with Corporate login");
    const { browser, answer } = await signInAs("ada@example.com", "/console/projects/shop");
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/console/projects/shop");
    const user = await server.users.find("ada@example.com");
    expect(user?.joinedAt).not.toBeNull();
    expect(await whoIs(browser)).toEqual({ kind: "user", id: user?.id, email: "ada@example.com" });
    const again = await signInAs("ada@example.com");
    expect(await whoIs(again.browser)).toEqual({ kind: "user", id: user?.id, email: "ada@example.com" });
    const [session] = await server.sessions.list(user?.id ?? "");
    expect(session?.how).toBe("corp");
  });

  test("is somebody whom a policy or an invitation named before", async () => {
    const { user } = await server.users.invite("grace@example.com");
    const { browser } = await signInAs("grace@example.com");
    expect(await whoIs(browser)).toEqual({ kind: "user", id: user.id, email: "grace@example.com" });
  });

  const refusals: [string, string][] = [
    ["of another domain", "eve@evil.example"],
    ["of a domain below", "eve@sub.example.com"],
    ["that nobody verified", "eve@example.com!"],
    ["that is a service account's", "eve@iam.waybill.internal"],
    ["that is none", "eve"],
  ];
  test.each(refusals)("is refused with an e-mail %s", async (_name, name) => {
    const { browser, answer } = await signInAs(name);
    expect(answer.status).toBe(403);
    expect(browser.page).toContain("You are not among those who may sign in here.");
    expect(browser.cookies.has("waybill")).toBe(false);
    expect(await server.users.find("eve@example.com")).toBeUndefined();
  });

  test("is refused to a disabled user, and to one who was given somebody's old address", async () => {
    await signInAs("hopper@example.com");
    const user = await server.users.find("hopper@example.com");
    const other = await signInAs("hopper@example.com+somebody-else");
    expect(other.answer.status).toBe(403);
    if (user) await server.users.setDisabled(user, true);
    expect((await signInAs("hopper@example.com")).answer.status).toBe(403);
  });

  test("is for the browser that began it", async () => {
    const back = await visitProvider(new Browser(server), "ada@example.com");
    const other = new Browser(server);
    await other.open("/console/sign-in");
    const answer = await other.open(back);
    expect(answer.status).toBe(410);
    expect(other.page).toContain("This sign-in was not begun here");
    expect(other.cookies.has("waybill")).toBe(false);
  });

  test("is good once", async () => {
    const browser = new Browser(server);
    const back = await visitProvider(browser, "ada@example.com");
    const visit = browser.cookies.get("waybill-visit") ?? "";
    expect((await browser.open(back)).status).toBe(303);
    browser.cookies.set("waybill-visit", visit);
    expect((await browser.open(back)).status).toBe(410);
  });

  const changes: [string, (query: URLSearchParams) => void, number][] = [
    ["without a state", (query) => query.delete("state"), 410],
    ["with another state", (query) => query.set("state", "x"), 410],
    ["with another code", (query) => query.set("code", "x"), 403],
    ["with two codes", (query) => query.append("code", "x"), 403],
    ["with the answer of another issuer", (query) => query.set("iss", "https://evil.example"), 403],
    ["with an error", (query) => query.set("error", "access_denied"), 403],
  ];
  test.each(changes)("is refused %s", async (_name, change, status) => {
    const browser = new Browser(server);
    const back = await visitProvider(browser, "ada@example.com");
    const [path = "", text] = back.split("?");
    const query = new URLSearchParams(text);
    change(query);
    expect((await browser.open(`${path}?${query}`)).status).toBe(status);
    expect(browser.cookies.has("waybill")).toBe(false);
  });

  test("at another provider than the one that was asked is refused", async () => {
    const browser = new Browser(server);
    const back = await visitProvider(browser, "ada@example.com");
    expect((await browser.open(back.replace("/corp/", "/gone/"))).status).toBe(410);
  });

  test("fails with a page where the provider does not answer or is unknown", async () => {
    const browser = new Browser(server);
    expect((await browser.open("/console/sign-in/with/gone")).status).toBe(403);
    expect(browser.page).toContain("Nobody there does not answer at the moment.");
    expect((await browser.open("/console/sign-in/with/unknown")).status).toBe(403);
  });

  test("takes what the address brings in the way of a next page for our own pages only", async () => {
    const { answer } = await signInAs("ada@example.com", "//evil.example/");
    expect(answer.headers.get("location")).toBe("/console/");
  });
});

describe("the settings of providers", () => {
  const good = { ...settings, issuer: "https://login.example.com" };
  const bad: [string, unknown][] = [
    ["no list", good],
    ["plain HTTP to another machine", [{ ...good, issuer: "http://login.example.com" }]],
    ["a host that begins like this machine", [{ ...good, issuer: "http://localhost.evil.example" }]],
    ["no domains", [{ ...good, domains: [] }]],
    ["a name for an address that is none", [{ ...good, name: "../x" }]],
    ["two of one name", [good, good]],
    ["an unknown field", [{ ...good, domain: "x" }]],
  ];
  test.each(bad)("are refused with %s", (_name, value) => {
    expect(() => parseOutsideProviders(value)).toThrow();
  });
  test("are taken when they are whole", () => {
    expect(parseOutsideProviders([good])).toHaveLength(1);
  });
});
