import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { bearer, origin, startTestServer, type TestServer } from "../../server.ts";
import { Browser } from "../console/people/browser.ts";

// A password costs what it should, and more of it on a busy machine.
setDefaultTimeout(60_000);

const password = "a long enough password";
const redirectUri = "http://127.0.0.1:39999/";
const verifier = "v".repeat(43);
const challenge = createHash("sha256").update(verifier).digest("base64url");
const pull = "https://www.googleapis.com/auth/devstorage.read_only";
const platform = "https://www.googleapis.com/auth/cloud-platform";
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

let server: TestServer;
let browser: Browser;
const email = "ada@example.com";

beforeAll(async () => {
  server = await startTestServer();
  const { code } = await server.users.invite(email);
  await server.joining.accept(code, { kind: "password", password }, { address: "", agent: "" });
  browser = new Browser(server);
  await browser.open("/console/sign-in");
  await browser.submit("/console/sign-in", { email, password });
});
afterAll(() => server.close());

function request(change: Record<string, string> = {}): string {
  const query = {
    response_type: "code",
    client_id: "waybill",
    redirect_uri: redirectUri,
    scope: `openid email ${platform}`,
    state: "the-state",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...change,
  };
  return `/authorize?${new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""))}`;
}

/** What the browser is sent back with. */
async function authorize(change: Record<string, string> = {}): Promise<URLSearchParams> {
  await browser.open(request(change));
  const answer = await browser.submit("/authorize", { decision: "allow" });
  return new URL(answer.headers.get("location") ?? "").searchParams;
}

type Answer = { status: number; body: Record<string, string | number> };

async function post(path: string, form: Record<string, string>): Promise<Answer> {
  const answer = await server.fetch(path, { method: "POST", body: new URLSearchParams(form) });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}

const exchange = (code: string, change: Record<string, string> = {}) =>
  post("/token", {
    grant_type: "authorization_code",
    client_id: "waybill",
    redirect_uri: redirectUri,
    code_verifier: verifier,
    code,
    ...change,
  });
const refresh = (token: string, change: Record<string, string> = {}) =>
  post("/token", { grant_type: "refresh_token", client_id: "waybill", refresh_token: token, ...change });

async function login(scope?: string): Promise<{ refreshToken: string; accessToken: string }> {
  const { body } = await exchange((await authorize(scope ? { scope } : {})).get("code") ?? "");
  return { refreshToken: String(body.refresh_token), accessToken: String(body.access_token) };
}

/** Whether an access token is believed: any answer of a project list that is not "who are you". */
const isBelieved = async (token: string) =>
  (await server.fetch("/v1/projects", { headers: bearer(token) })).status !== 401;
const refused = { status: 400, body: expect.objectContaining({ error: "invalid_grant" }) };

describe("an authorization code", () => {
  test("buys tokens of the person who allowed it", async () => {
    const answer = await authorize();
    expect(Object.fromEntries(answer)).toEqual({ code: expect.any(String), state: "the-state", iss: origin });
    const { status, body } = await exchange(answer.get("code") ?? "");
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: "Bearer", expires_in: 3600, scope: `openid email ${platform}` });
    expect(body.refresh_token).toMatch(/^wbf_[\w-]{43}$/);
    const claims = JSON.parse(Buffer.from(String(body.id_token).split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ iss: origin, aud: "waybill", email, email_verified: true });
    expect(await isBelieved(String(body.access_token))).toBe(true);
  });

  test("is asked for on a page that names the program, the machine and what it could do, and can be refused", async () => {
    const page = await browser.open(request({ scope: `openid ${pull}` }));
    expect(browser.page).toContain("the waybill command");
    expect(browser.page).toContain("127.0.0.1:39999");
    expect(browser.page).toContain("pull images");
    expect(page.headers.get("content-security-policy")).toContain("form-action 'self' http://127.0.0.1:39999;");
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    const answer = await browser.submit("/authorize", { decision: "deny" });
    expect(answer.headers.get("location")).toBe(`${redirectUri}?error=access_denied&state=the-state`);
  });

  test("is given to nobody who has not signed in; whoever signs in comes back to the page", async () => {
    const stranger = new Browser(server);
    const answer = await stranger.open(request());
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe(`/console/sign-in?next=${encodeURIComponent(request())}`);
    await stranger.open(answer.headers.get("location") ?? "");
    const back = await stranger.submit("/console/sign-in", { email, password });
    expect(back.headers.get("location")).toBe(request());
  });

  test("that is shown again ends what it gave", async () => {
    const code = (await authorize()).get("code") ?? "";
    const { body } = await exchange(code);
    expect(await exchange(code)).toEqual(refused);
    expect(await isBelieved(String(body.access_token))).toBe(false);
    expect(await refresh(String(body.refresh_token))).toEqual(refused);
  });

  test("is worth nothing after a minute", async () => {
    const code = (await authorize()).get("code") ?? "";
    server.clock.now += 60_000;
    expect(await exchange(code)).toEqual(refused);
  });

  const wrong: [string, Record<string, string>][] = [
    ["without the verifier (PKCE downgrade)", { code_verifier: "" }],
    ["with another verifier", { code_verifier: "w".repeat(43) }],
    ["with the challenge as the verifier", { code_verifier: challenge }],
    ["for another address", { redirect_uri: "http://127.0.0.1:40000/" }],
  ];
  test.each(wrong)("is refused %s, and then for good", async (_name, change) => {
    const code = (await authorize()).get("code") ?? "";
    expect(await exchange(code, change)).toEqual(refused);
    expect(await exchange(code)).toEqual(refused);
  });

  test("is for its own client", async () => {
    const code = (await authorize()).get("code") ?? "";
    expect((await exchange(code, { client_id: "other" })).body.error).toBe("invalid_client");
    expect((await exchange(code, { client_id: "" })).body.error).toBe("invalid_client");
  });
});

describe("a request for a code", () => {
  const pages: [string, string][] = [
    ["another client", request({ client_id: "other" })],
    ["no client", request({ client_id: "" })],
    ["no address", request({ redirect_uri: "" })],
    ["another host", request({ redirect_uri: "https://evil.example/" })],
    ["localhost, which may be another", request({ redirect_uri: "http://localhost:39999/" })],
    ["a host that begins like ours", request({ redirect_uri: "http://127.0.0.1.evil.example/" })],
    ["a user before the host", request({ redirect_uri: "http://127.0.0.1:1@evil.example/" })],
    ["a backslash", request({ redirect_uri: "http://127.0.0.1:1\\@evil.example/" })],
    ["an encoded backslash", request({ redirect_uri: "http://127.0.0.1:1%5c@evil.example/" })],
    ["two slashes and no scheme", request({ redirect_uri: "//127.0.0.1:1/" })],
    ["a path", request({ redirect_uri: "http://127.0.0.1:1/other" })],
    ["a fragment", request({ redirect_uri: "http://127.0.0.1:1/#x" })],
    ["another scheme", request({ redirect_uri: "javascript:alert(1)" })],
    ["a line break", request({ redirect_uri: "http://127.0.0.1:1/\nx" })],
    ["two addresses", `${request()}&redirect_uri=https%3A%2F%2Fevil.example`],
    ["two clients", `${request()}&client_id=other`],
  ];
  test.each(pages)("with %s is answered with a page, and sends nobody anywhere", async (_name, path) => {
    const answer = await browser.open(path);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("location")).toBeNull();
    expect(browser.forms().has("/authorize")).toBe(false);
  });

  const redirects: [string, Record<string, string>, string][] = [
    ["no state", { state: "" }, "invalid_request"],
    ["no challenge", { code_challenge: "" }, "invalid_request"],
    ["a plain challenge", { code_challenge_method: "plain" }, "invalid_request"],
    ["no method, which would be plain", { code_challenge_method: "" }, "invalid_request"],
    ["a short challenge", { code_challenge: "abc" }, "invalid_request"],
    ["another response type", { response_type: "token" }, "unsupported_response_type"],
    ["no scope", { scope: "" }, "invalid_scope"],
  ];
  test.each(redirects)("with %s is refused to the program", async (_name, change, error) => {
    const answer = await browser.open(request(change));
    const back = new URL(answer.headers.get("location") ?? "");
    expect(back.origin).toBe("http://127.0.0.1:39999");
    expect(back.searchParams.get("error")).toBe(error);
    expect(back.searchParams.has("code")).toBe(false);
  });

  test("that the consent form brings is read as strictly as the address", async () => {
    await browser.open(request());
    const evil = request({ redirect_uri: "https://evil.example/" }).split("?")[1] ?? "";
    const answer = await browser.submit("/authorize", { decision: "allow", request: evil });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("location")).toBeNull();
  });

  test.each(["http://127.0.0.1/", "http://127.0.0.1:1", "http://[::1]:65535/"])("may come back to %s", async (uri) => {
    await browser.open(request({ redirect_uri: uri }));
    expect(browser.forms().has("/authorize")).toBe(true);
  });
});

describe("a refresh token", () => {
  test("buys an access token and the next refresh token", async () => {
    const first = await login();
    const { status, body } = await refresh(first.refreshToken);
    expect(status).toBe(200);
    expect(body.refresh_token).not.toBe(first.refreshToken);
    expect(await isBelieved(String(body.access_token))).toBe(true);
    expect((await refresh(String(body.refresh_token))).status).toBe(200);
  });

  test("is nowhere in the database", async () => {
    const { refreshToken } = await login();
    const { body } = await refresh(refreshToken);
    const dump = JSON.stringify([
      await server.metadata.read.selectFrom("refresh_tokens").selectAll().execute(),
      await server.metadata.read.selectFrom("logins").selectAll().execute(),
      await server.metadata.read.selectFrom("one_time_codes").selectAll().execute(),
    ]);
    for (const secret of [refreshToken, String(body.refresh_token)]) expect(dump).not.toContain(secret.slice(4));
  });

  test("that was used before ends the login and every token of it", async () => {
    const first = await login();
    const second = String((await refresh(first.refreshToken)).body.refresh_token);
    const third = (await refresh(second)).body;
    expect(await refresh(first.refreshToken)).toEqual(refused);
    expect(await refresh(String(third.refresh_token))).toEqual(refused);
    for (const token of [first.accessToken, String(third.access_token)]) expect(await isBelieved(token)).toBe(false);
  });

  test("is taken again for half a minute while what it gave was not used: the answer was lost on the way", async () => {
    const { refreshToken } = await login();
    const lost = String((await refresh(refreshToken)).body.refresh_token);
    const again = String((await refresh(refreshToken)).body.refresh_token);
    expect(again).not.toBe(lost);
    expect((await refresh(again)).status).toBe(200);
  });

  test("whose lost successor turns up after all ends the login", async () => {
    const { refreshToken } = await login();
    const lost = String((await refresh(refreshToken)).body.refresh_token);
    const again = String((await refresh(refreshToken)).body.refresh_token);
    expect(await refresh(lost)).toEqual(refused);
    expect(await refresh(again)).toEqual(refused);
  });

  test("is not taken again after half a minute", async () => {
    const { refreshToken } = await login();
    const next = String((await refresh(refreshToken)).body.refresh_token);
    server.clock.now += 30_000;
    expect(await refresh(refreshToken)).toEqual(refused);
    expect(await refresh(next)).toEqual(refused);
  });

  test("ends after a month without use, and after half a year of use", async () => {
    const day = 24 * 60 * 60_000;
    let { refreshToken } = await login();
    server.clock.now += 30 * day;
    expect(await refresh(refreshToken)).toEqual(refused);
    await browser.open("/console/sign-in");
    await browser.submit("/console/sign-in", { email, password });
    ({ refreshToken } = await login());
    for (let days = 0; days < 174; days += 29) {
      server.clock.now += 29 * day;
      const { status, body } = await refresh(refreshToken);
      expect(status).toBe(200);
      refreshToken = String(body.refresh_token);
    }
    server.clock.now += 6 * day;
    expect(await refresh(refreshToken)).toEqual(refused);
    await browser.open("/console/sign-in");
    await browser.submit("/console/sign-in", { email, password });
  });

  const scopes: [granted: string, asked: string, status: number][] = [
    [`openid ${platform}`, pull, 200],
    [`openid ${pull}`, pull, 200],
    [`openid ${pull}`, platform, 400],
    [`openid ${pull}`, "https://www.googleapis.com/auth/devstorage.read_write", 400],
    ["https://www.googleapis.com/auth/devstorage.full_control", pull, 200],
    ["https://www.googleapis.com/auth/cloud-platform.read-only", pull, 200],
    ["https://www.googleapis.com/auth/cloud-platform.read-only", platform, 400],
    [`openid ${pull}`, "bad\u0001scope", 400],
  ];
  test.each(scopes)("of a login with %p is asked for %p: %d", async (granted, asked, status) => {
    const { refreshToken } = await login(granted);
    const answer = await refresh(refreshToken, { scope: asked });
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.body.scope).toBe(asked);
    else expect(answer.body.error).toBe("invalid_scope");
  });

  test("is revoked with every token of its login, and nobody hears whether there was one", async () => {
    const { refreshToken, accessToken } = await login();
    for (const token of [refreshToken, refreshToken, "wbf_unknown", ""]) {
      expect(await post("/revoke", { client_id: "waybill", token })).toEqual({ status: 200, body: {} });
    }
    expect(await isBelieved(accessToken)).toBe(false);
    expect(await refresh(refreshToken)).toEqual(refused);
  });

  test("ends with its user", async () => {
    const { code } = await server.users.invite("grace@example.com");
    await server.joining.accept(code, { kind: "password", password }, { address: "", agent: "" });
    const ada = browser;
    browser = new Browser(server);
    await browser.open("/console/sign-in");
    await browser.submit("/console/sign-in", { email: "grace@example.com", password });
    const { refreshToken, accessToken } = await login();
    browser = ada;
    const grace = await server.users.find("grace@example.com");
    if (grace) await server.users.setDisabled(grace, true);
    expect(await isBelieved(accessToken)).toBe(false);
    expect(await refresh(refreshToken)).toEqual(refused);
    if (grace) await server.users.setDisabled(grace, false);
    expect(await refresh(refreshToken)).toEqual(refused);
  });
});

describe("a device", () => {
  const start = () => post("/device/code", { client_id: "waybill", scope: `openid ${pull}` });
  const poll = (code: string | number | undefined) =>
    post("/token", { grant_type: deviceGrant, client_id: "waybill", device_code: String(code) });

  async function type(code: string, decision: "allow" | "deny"): Promise<Response> {
    await browser.open("/device");
    await browser.submit("/device", { code });
    return await browser.submit("/device/answer", { decision });
  }

  test("gets its tokens when somebody has typed its code and allowed it", async () => {
    const { status, body } = await start();
    expect(status).toBe(200);
    expect(body).toMatchObject({ verification_uri: `${origin}/device`, expires_in: 600, interval: 5 });
    expect(body.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect((await poll(body.device_code)).body.error).toBe("authorization_pending");
    await browser.open("/device");
    await browser.submit("/device", { code: String(body.user_code).toLowerCase().replace("-", " ") });
    expect(browser.page).toContain("127.0.0.1");
    expect(browser.page).toContain("pull images");
    await browser.submit("/device/answer", { decision: "allow" });
    expect(browser.page).toContain("The device is signed in.");
    server.clock.now += 5000;
    const { body: tokens } = await poll(body.device_code);
    expect(tokens).toMatchObject({ scope: `openid ${pull}`, token_type: "Bearer" });
    expect((await refresh(String(tokens.refresh_token))).status).toBe(200);
  });

  test("that shows its code again ends what it got", async () => {
    const { body } = await start();
    await type(String(body.user_code), "allow");
    const { body: tokens } = await poll(body.device_code);
    expect((await poll(body.device_code)).body.error).toBe("expired_token");
    expect(await refresh(String(tokens.refresh_token))).toEqual(refused);
  });

  test("that asks too often is told to slow down, more each time", async () => {
    const { body } = await start();
    expect((await poll(body.device_code)).body.error).toBe("authorization_pending");
    server.clock.now += 4000;
    expect((await poll(body.device_code)).body.error).toBe("slow_down");
    server.clock.now += 9000;
    expect((await poll(body.device_code)).body.error).toBe("slow_down");
    server.clock.now += 15_000;
    expect((await poll(body.device_code)).body.error).toBe("authorization_pending");
  });

  test("is refused, is too late, or is unknown", async () => {
    const { body: denied } = await start();
    await type(String(denied.user_code), "deny");
    expect((await poll(denied.device_code)).body.error).toBe("access_denied");
    const { body: late } = await start();
    server.clock.now += 600_000;
    await browser.open("/device");
    expect((await browser.submit("/device", { code: String(late.user_code) })).status).toBe(400);
    expect((await poll(late.device_code)).body.error).toBe("expired_token");
    expect((await poll("unknown")).body.error).toBe("expired_token");
  });

  test("codes are not guessed: wrong ones are slowed", async () => {
    server.clock.now += 600_000;
    const statuses: number[] = [];
    for (let tries = 0; tries < 6; tries++) {
      await browser.open("/device");
      statuses.push((await browser.submit("/device", { code: "BBBB-BBBB" })).status);
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
    server.clock.now += 600_000;
  });

  test("gets a code for no unknown client and for no scope", async () => {
    expect((await post("/device/code", { client_id: "x", scope: pull })).body.error).toBe("invalid_client");
    expect((await post("/device/code", { client_id: "waybill" })).body.error).toBe("invalid_scope");
  });
});

test("the server's description names what the client uses, under the name that it was asked by", async () => {
  const answer = await server.fetch("http://127.0.0.1:5000/.well-known/openid-configuration");
  const at = "http://127.0.0.1:5000";
  expect(await answer.json()).toMatchObject({
    issuer: at,
    authorization_endpoint: `${at}/authorize`,
    token_endpoint: `${at}/token`,
    device_authorization_endpoint: `${at}/device/code`,
    revocation_endpoint: `${at}/revoke`,
    code_challenge_methods_supported: ["S256"],
  });
});
