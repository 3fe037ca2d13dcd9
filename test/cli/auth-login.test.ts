// Signing in, against a real OAuth server in a process of its own, and with our program as a process too.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { browserSignIn } from "../../src/sources/login/browser-sign-in.ts";
import { deviceSignIn } from "../../src/sources/login/device-sign-in.ts";
import type { SignIn } from "../../src/sources/login/sign-in.ts";
import { Home, type Outcome } from "../helper/home.ts";
import { OAuthProcess } from "../oauth/process.ts";
import { context } from "./context.ts";

let oauth: OAuthProcess;
beforeAll(async () => {
  oauth = await OAuthProcess.start();
});
beforeEach(() => oauth.control({}));
afterAll(() => oauth[Symbol.asyncDispose]());

/** A browser that writes down what it was opened with, for the test to open. */
function withBrowser(home: Home): Record<string, string> {
  home.program(
    "browser",
    `echo "$1" > ${home.path("opened.tmp")}\nmv ${home.path("opened.tmp")} ${home.path("opened")}`,
  );
  return { BROWSER: "browser", PATH: `${home.path("bin")}:/usr/bin:/bin` };
}

async function openedUrl(home: Home): Promise<URL> {
  while (!home.has("opened")) await Bun.sleep(5);
  return new URL(home.read("opened").trim());
}

/** Runs `waybill auth login`, and meanwhile what a person does. */
async function login(
  home: Home,
  person: (url: URL) => Promise<unknown>,
  argv: string[] = [],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const running = home.waybill(["auth", "login", ...(argv.length > 0 ? argv : [oauth.url])], {
    env: { ...withBrowser(home), ...env },
  });
  await person(await openedUrl(home));
  return await running;
}

const browse = (url: URL) => oauth.browse(url.href);
const get = (home: Home, host = oauth.host) => home.helper(["get"], host);
const settings = (home: Home) => JSON.parse(home.read(".config/waybill/settings.json"));

describe("waybill auth login with a browser", () => {
  test("signs in with PKCE, and the helper answers for the server's hosts", async () => {
    using home = new Home();
    const { exitCode, stdout, stderr } = await login(home, browse);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toContain(`Signed in as me@example.com for localhost:${oauth.port}, ${oauth.host}, to pull.\n`);
    const { exitCode: answered, stdout: credentials } = await get(home);
    expect(answered).toBe(0);
    expect(JSON.parse(credentials).Secret).toStartWith("token-");
    const [asked] = (await oauth.log("/authorize")).slice(-1);
    expect(asked?.query).toMatchObject({ response_type: "code", client_id: "waybill", code_challenge_method: "S256" });
    expect(asked?.query.code_challenge).toMatch(/^[\w-]{43}$/);
  });

  test("shows the address, so that it can be opened by hand", async () => {
    using home = new Home();
    const { stderr } = await login(home, browse);
    expect(stderr).toContain(home.read("opened").trim());
  });

  test("keeps the refresh token in a file of the owner's where there is no keychain, and not in the settings", async () => {
    using home = new Home();
    await login(home, browse);
    const path = ".config/waybill/accounts/me@example.com.json";
    expect(home.mode(path)).toBe("600");
    const { refresh_token: token } = JSON.parse(home.read(path));
    expect(token).toStartWith("refresh-");
    expect(home.read(".config/waybill/settings.json")).not.toContain(token);
  });

  test("is not put off by a favicon, other paths, connections that say nothing and one that is closed at once", async () => {
    using home = new Home();
    const { exitCode } = await login(home, async (url) => {
      const back = new URL(url.searchParams.get("redirect_uri") ?? "");
      const silent = connect(Number(back.port), "127.0.0.1");
      const early = connect(Number(back.port), "127.0.0.1");
      early.on("connect", () => early.destroy());
      expect((await fetch(new URL("/favicon.ico", back))).status).toBe(404);
      expect((await fetch(back)).status).toBe(404);
      expect((await fetch(new URL("/?x=1", back), { method: "POST" })).status).toBe(400);
      const page = await fetch((await oauth.browse(url.href, false)).headers.get("location") ?? "", {
        headers: { connection: "close" },
      });
      expect(await page.text()).toContain("You are signed in");
      silent.destroy();
    });
    expect(exitCode).toBe(0);
  });

  test("takes no code that comes with another state, and waits for the right one", async () => {
    using home = new Home();
    const { exitCode } = await login(home, async (url) => {
      const back = url.searchParams.get("redirect_uri");
      expect((await fetch(`${back}?code=evil&state=other`)).status).toBe(400);
      expect((await fetch(`${back}?error=access_denied&state=other`)).status).toBe(400);
      await browse(url);
    });
    expect(exitCode).toBe(0);
    expect((await oauth.log("/token")).filter(({ form }) => form.code === "evil")).toEqual([]);
  });

  test("says when the person refused", async () => {
    using home = new Home();
    const { exitCode, stderr } = await login(home, (url) =>
      fetch(`${url.searchParams.get("redirect_uri")}?error=access_denied&state=${url.searchParams.get("state")}`),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the server did not sign you in: access_denied");
    expect(home.has(".config/waybill")).toBe(false);
  });

  test("signs in at Google's endpoints with a client that is configured, and asks for pulling only", async () => {
    using home = new Home();
    for (const [name, value] of [
      ["google-client-id", "my-client"],
      ["google-client-secret", "not-so-secret"],
      ["endpoint-accounts", oauth.url],
      ["endpoint-oauth2", oauth.url],
    ] as const)
      expect((await home.waybill(["config", "set", name, value])).exitCode).toBe(0);
    const { exitCode } = await login(home, browse, ["gcr.io"]);
    expect(exitCode).toBe(0);
    const { query } = (await oauth.log("/o/oauth2/v2/auth")).at(-1) ?? { query: {} };
    expect(query).toMatchObject({
      client_id: "my-client",
      scope: "openid email https://www.googleapis.com/auth/devstorage.read_only",
      access_type: "offline",
    });
    for (const host of ["gcr.io", "eu.gcr.io", "us-docker.pkg.dev", "mirror.gcr.io"])
      expect(JSON.parse((await get(home, host)).stdout).Secret).toStartWith("token-");
    expect((await oauth.log("/token")).at(-1)?.form).toMatchObject({
      grant_type: "refresh_token",
      client_secret: "not-so-secret",
      scope: "https://www.googleapis.com/auth/devstorage.read_only",
    });
    expect((await get(home, oauth.host)).stdout).toBe("credentials not found in native keychain\n");
  });

  test("says what to do when no client is configured for Google", async () => {
    using home = new Home();
    const { exitCode, stderr } = await home.waybill(["auth", "login"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("waybill config set google-client-id ID");
  });
});

describe("waybill auth login without a browser", () => {
  test("shows a code to type in elsewhere, and waits until somebody did", async () => {
    using home = new Home();
    await oauth.control({ pendingTimes: 3 });
    const { exitCode, stderr } = await home.waybill(["auth", "login", "--push", oauth.url]);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain(`${oauth.url}/activate`);
    expect(stderr).toContain("WXYZ-1234");
    expect(stderr).toContain("to push and pull");
    const polls = (await oauth.log("/token")).filter(({ form }) => form.device_code === "device");
    expect(polls.length).toBeGreaterThanOrEqual(4);
    await get(home);
    expect((await oauth.log("/token")).at(-1)?.form.scope).toEndWith("devstorage.read_write");
  });

  test("asks less often when the server says so", async () => {
    using home = new Home();
    await oauth.control({ pendingTimes: 0, isSlow: true });
    const started = performance.now();
    expect((await home.waybill(["auth", "login", oauth.url])).exitCode).toBe(0);
    expect(performance.now() - started).toBeGreaterThan(5000);
  }, 20_000);

  test("takes the address that a browser elsewhere ended at, where the server knows no codes", async () => {
    using home = new Home();
    await oauth.control({ without: ["device_authorization_endpoint"] });
    const child = Bun.spawn(home.command(["auth", "login", oauth.url]), {
      env: home.env,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    let said = "";
    for await (const chunk of child.stderr) {
      said += Buffer.from(chunk).toString();
      const url = said.endsWith("> ") ? /http\S+authorize\S+/.exec(said)?.[0] : undefined;
      if (url === undefined) continue;
      child.stdin.write(`${(await oauth.browse(url, false)).headers.get("location")}\n`);
      await child.stdin.end();
    }
    expect(await child.exited, said).toBe(0);
    expect(said).toContain("Signed in as me@example.com");
  });

  test("takes nothing that is not that address", async () => {
    using home = new Home();
    for (const input of ["", "code-1\n", "http://127.0.0.1:8085/?code=1&state=other\n"]) {
      const { exitCode, stderr } = await home.waybill(["auth", "login", "--paste", oauth.url], { input });
      expect(exitCode).toBe(1);
      expect(stderr).toContain("that is not the address that this sign-in ends at");
    }
  });
});

describe("waybill auth login does not wait for ever", () => {
  const request = (expires: AbortSignal): SignIn => {
    const { it } = context({ env: {}, fetch });
    const server = { authorizationUri: `${oauth.url}/authorize`, tokenUri: `${oauth.url}/token` };
    return { server, client: { id: "waybill" }, scopes: ["a"], context: it, expires };
  };

  test("for a browser", () => {
    expect(browserSignIn(request(AbortSignal.timeout(50)))).rejects.toThrow("nobody signed in in time");
  });

  test("for a code that nobody types", async () => {
    await oauth.control({ pendingTimes: 1000 });
    const attempt = deviceSignIn(request(AbortSignal.timeout(200)), `${oauth.url}/device`);
    expect(await attempt.catch((error: Error) => error.message)).toContain("in time");
  });
});

describe("waybill auth login trusts no server more than its own address", () => {
  test("that speaks for another", async () => {
    using home = new Home();
    await oauth.control({ issuer: "https://accounts.example.com" });
    expect((await home.waybill(["auth", "login", oauth.url])).stderr).toContain('in the name of "https://accounts.ex');
  });

  test("that has no sign-in", async () => {
    using home = new Home();
    await oauth.control({ without: ["authorization_endpoint"] });
    expect((await home.waybill(["auth", "login", oauth.url])).stderr).toContain("has no sign-in for people");
  });

  test("that is reached without encryption", async () => {
    using home = new Home();
    const { exitCode, stderr } = await home.waybill(["auth", "login", "http://registry.example.com"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("without encryption");
  });
});

describe("an account that signed in", () => {
  test("keeps the new refresh token that comes with each renewal", async () => {
    using home = new Home();
    await login(home, browse);
    await get(home);
    const before = home.read(".config/waybill/accounts/me@example.com.json");
    await home.waybill(["config", "set", "push", "true"]);
    expect((await get(home)).exitCode).toBe(0);
    expect(home.read(".config/waybill/accounts/me@example.com.json")).not.toBe(before);
  });

  test("prints access tokens, and is shown by auth list", async () => {
    using home = new Home();
    await login(home, browse);
    const { stdout } = await home.waybill(["auth", "print-access-token", "--scopes=devstorage.read_only"]);
    expect(stdout).toMatch(/^token-[0-9]+\n$/);
    const [row] = JSON.parse((await home.waybill(["auth", "list", "--format=json"])).stdout);
    expect(row).toMatchObject({ account: "me@example.com", status: "ACTIVE", server: oauth.url });
  });

  test("fails with a hint, and not silently, when the server has ended the sign-in", async () => {
    using home = new Home();
    await login(home, browse);
    home.write(".config/waybill/accounts/me@example.com.json", '{"refresh_token":"gone"}');
    const { exitCode, stdout, stderr } = await get(home);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("store: the sign-in of me@example.com is no longer valid");
    expect(stderr).toContain("waybill: hint: waybill auth login");
  });

  test("is another account than that of the same person at another server", async () => {
    using home = new Home();
    await using second = await OAuthProcess.start();
    await login(home, browse);
    await Bun.file(home.path("opened")).delete();
    await login(home, browse, [second.url]);
    expect(Object.keys(settings(home).accounts)).toEqual([
      "me@example.com",
      `me@example.com@${second.host.replace(":", "_")}`,
    ]);
    expect((await get(home, oauth.host)).exitCode).toBe(0);
    expect((await get(home, second.host)).exitCode).toBe(0);
  });
});

describe("waybill auth logout", () => {
  test("revokes the sign-in at the server and forgets it here", async () => {
    using home = new Home();
    await login(home, browse);
    await get(home);
    const path = ".config/waybill/accounts/me@example.com.json";
    const { refresh_token: token } = JSON.parse(home.read(path));
    const { exitCode, stderr } = await home.waybill(["auth", "logout"]);
    expect(exitCode, stderr).toBe(0);
    expect((await oauth.log("/revoke")).at(-1)?.form).toMatchObject({ token, client_id: "waybill" });
    expect(home.has(path)).toBe(false);
    expect((await get(home)).stdout).toBe("credentials not found in native keychain\n");
  });

  test("forgets it here also when the server cannot be reached, and says that it is still valid there", async () => {
    using home = new Home();
    const gone = await OAuthProcess.start();
    await login(home, browse, [gone.url]);
    await gone[Symbol.asyncDispose]();
    const { exitCode, stderr } = await home.waybill(["auth", "logout", gone.host]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("is still valid at");
    expect(settings(home).accounts).toEqual({});
  });
});
