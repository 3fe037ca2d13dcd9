import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { peopleRoutes } from "../../../../src/http/console/people/people-routes.ts";
import { signInEndpoints } from "../../../../src/http/token/server-description.ts";
import { bearer, startTestServer, type TestServer } from "../../../server.ts";
import { Browser } from "./browser.ts";

// A password costs what it should, and more of it on a busy machine.
setDefaultTimeout(60_000);

/** Who may ask for what: written by hand, to be read in review. A route that is not here fails the first test. */
const anybody = [
  "GET /console/sign-in",
  "POST /console/sign-in",
  "POST /console/sign-in/passkey",
  "GET /console/sign-in/with/{provider}",
  "GET /console/sign-in/with/{provider}/callback",
  "GET /console/setup",
  "POST /console/setup",
  "POST /console/setup/passkey",
  "GET /console/invitation",
  "POST /console/invitation",
  "POST /console/invitation/passkey",
];
const signedIn = [
  "POST /console/sign-out",
  "GET /authorize",
  "POST /authorize",
  "GET /device",
  "POST /device",
  "POST /device/answer",
  "GET /console/account",
  "POST /console/account/end-session",
  "POST /console/account/end-login",
  "POST /console/account/password",
  "POST /console/account/passkey",
  "POST /console/account/passkey/remove",
  "POST /console/account/passkey/creation",
];

let server: TestServer;
let ada: Browser;
let grace: Browser;

async function signIn(name: string): Promise<Browser> {
  const { user } = await server.users.invite(`${name}@example.com`);
  const browser = new Browser(server);
  browser.cookies.set("waybill", await server.sessions.begin(user, "password", { address: "", agent: "" }));
  return browser;
}

beforeAll(async () => {
  server = await startTestServer();
  [ada, grace] = [await signIn("ada"), await signIn("grace")];
});
afterAll(() => server.close());

const pathOf = (line: string) => (line.split(" ")[1] ?? "").replace("{provider}", "corp");
const posts = [...anybody, ...signedIn].filter((line) => line.startsWith("POST "));
const gets = signedIn.filter((line) => line.startsWith("GET "));

/** The token of whatever page a browser is shown. */
async function csrfOf(browser: Browser, page: string): Promise<string> {
  await browser.open(page);
  return [...browser.forms().values()][0]?.csrf ?? "";
}

test("every page and form is in the matrix, with who may ask for it", () => {
  const lines = (who: string) =>
    peopleRoutes.filter((each) => each.who === who).map(({ method, pattern }) => `${method} ${pattern}`);
  expect(lines("anybody").sort()).toEqual([...anybody].sort());
  expect(lines("signed in").sort()).toEqual([...signedIn].sort());
});

describe("without a session", () => {
  test.each(gets)("%s asks to sign in, and comes back", async (line) => {
    for (const headers of [{}, bearer("wba_x"), { cookie: "waybill=made-up" }] as Record<string, string>[]) {
      const answer = await server.fetch(`${pathOf(line)}?a=1`, { headers });
      expect(answer.status).toBe(303);
      const next = encodeURIComponent(`${pathOf(line)}?a=1`);
      expect(answer.headers.get("location")).toBe(`/console/sign-in?next=${next}`);
    }
  });

  test.each(signedIn.filter((line) => line.startsWith("POST ")))("%s is refused", async (line) => {
    const visitor = new Browser(server);
    const csrf = await csrfOf(visitor, "/console/sign-in");
    expect((await visitor.post(pathOf(line), { csrf })).status).toBe(401);
  });
});

describe("a form that another site sends", () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };

  test.each(posts)("%s is refused without our token, or with one of somebody else", async (line) => {
    const stranger = await csrfOf(new Browser(server), "/console/sign-in");
    const other = await csrfOf(grace, "/device");
    await ada.open("/console/sign-in");
    for (const csrf of ["", "x", stranger, other]) {
      const answer = await ada.post(pathOf(line), { csrf });
      expect(answer.status).toBe(403);
      expect(answer.headers.get("location")).toBeNull();
    }
  });

  test.each(posts)("%s is refused with our token when the browser names another site", async (line) => {
    const isSignedIn = signedIn.includes(line);
    const csrf = await csrfOf(ada, isSignedIn ? "/device" : "/console/sign-in");
    expect(csrf).not.toBe("");
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:5001" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
    ];
    for (const each of foreign) expect((await ada.post(pathOf(line), { csrf }, each)).status).toBe(403);
  });

  test.each(posts)("%s is refused as anything but a form", async (line) => {
    for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=x"]) {
      const init = { method: "POST", body: "{}", headers: { ...headers, "content-type": type } };
      expect((await ada.send(pathOf(line), init)).status).toBe(400);
    }
  });
});

test("what somebody has is theirs to end, and nobody else's", async () => {
  const [session] = await server.sessions.list((await server.users.find("grace@example.com"))?.id ?? "");
  const csrf = await csrfOf(ada, "/device");
  expect((await ada.post("/console/account/end-session", { csrf, id: session?.id ?? "" })).status).toBe(303);
  expect((await grace.open("/console/account")).status).toBe(200);
  const second = new Browser(server);
  const { user } = await server.users.invite("grace@example.com");
  second.cookies.set("waybill", await server.sessions.begin(user, "password", { address: "", agent: "" }));
  await second.open("/console/account");
  await second.submit("/console/account/end-session", { id: session?.id ?? "" });
  expect((await grace.open("/console/account")).status).toBe(303);
  grace = second;
});

test("a way to sign in is changed soon after signing in only", async () => {
  const page = await grace.open("/console/account");
  expect(page.status).toBe(200);
  const password = "another long password";
  const fields = { csrf: grace.forms().get("/console/account/password")?.csrf ?? "", password, again: password };
  server.clock.now += 15 * 60_000;
  const late = await grace.post("/console/account/password", fields);
  expect(late.headers.get("location")).toBe("/console/sign-in?next=%2Fconsole%2Faccount");
  const fresh = await signIn("grace");
  await fresh.open("/console/account");
  expect((await fresh.submit("/console/account/password", { password, again: password })).status).toBe(303);
  // Whoever else was signed in as her is not any more.
  expect((await grace.open("/console/account")).status).toBe(303);
  expect((await fresh.open("/console/account")).status).toBe(200);
  const browser = new Browser(server);
  await browser.open("/console/sign-in");
  expect((await browser.submit("/console/sign-in", { email: "grace@example.com", password })).status).toBe(303);
});

test("a connection that others can read takes no password", async () => {
  const proxied = await startTestServer(
    { publicUrl: "https://registry.example.com", trustedProxies: ["10.0.0.0/8"], tls: false },
    "10.0.0.1",
  );
  const clear = new Browser(proxied, "https://registry.example.com");
  await clear.open("/console/sign-in");
  const answer = await clear.submit("/console/sign-in", {}, { "x-forwarded-proto": "http" });
  expect(answer.status).toBe(403);
  expect(clear.page).toContain("not encrypted");
  await clear.open("/console/sign-in");
  const typed = { email: "x@example.com", password: "x" };
  const secure = await clear.submit("/console/sign-in", typed, { "x-forwarded-proto": "https" });
  expect(secure.status).toBe(401);
  await proxied.close();
});

describe("the endpoints of programs", () => {
  test("answer nobody who does not say which program asks", async () => {
    for (const path of [signInEndpoints.device_authorization_endpoint, signInEndpoints.revocation_endpoint]) {
      const answer = await server.fetch(path, {
        method: "POST",
        body: new URLSearchParams({ token: "x", scope: "x" }),
      });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: "invalid_client" });
      expect((await server.fetch(path)).status).toBe(400);
    }
  });

  test("take no token and no code from an address, which others may log", async () => {
    for (const path of Object.values(signInEndpoints).filter((each) => each !== "/authorize")) {
      const query = "grant_type=refresh_token&client_id=waybill&refresh_token=wbf_x&token=wbf_x&scope=openid";
      const answer = await server.fetch(`${path}?${query}`, { method: "POST", body: new URLSearchParams() });
      expect(answer.status).toBe(400);
    }
  });
});
