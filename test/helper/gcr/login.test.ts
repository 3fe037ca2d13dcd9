import { describe, expect, test } from "bun:test";
import { runHelper } from "../../../src/helper/run.ts";
import { context } from "../../cli/context.ts";
import { Home } from "../home.ts";
import { Google, googleClient } from "./google.ts";
import { storeFile } from "./row.ts";

const scope = "https://www.googleapis.com/auth/devstorage.read_write";

/** A home whose browser tells us where it was sent. */
function homeWithBrowser(google: Google): Home {
  const home = new Home();
  google.replaceIn(home);
  home.program(
    "browser",
    `printf %s "$1" > '${home.path("opened.part")}'; /bin/mv '${home.path("opened.part")}' '${home.path("opened")}'`,
  );
  home.env.BROWSER = home.path("bin/browser");
  return home;
}

function gcrLogin(home: Home, stdin = "") {
  const { it, said } = context({ env: home.env, stdin, fetch });
  const exitCode = runHelper("docker-credential-gcr", ["gcr-login"], { ...it, now: Date.now }, async () => 1);
  return { exitCode, said };
}

async function opened(home: Home): Promise<URL> {
  while (!home.has("opened")) await Bun.sleep(10);
  return new URL(home.read("opened"));
}

const back = (to: URL, query: Record<string, string>) =>
  fetch(`${to.searchParams.get("redirect_uri")}?${new URLSearchParams(query)}`);

describe("gcr-login in a browser", () => {
  test("asks for what docker-credential-gcr asks for, and keeps what comes back in its form", async () => {
    using google = new Google();
    using home = homeWithBrowser(google);
    google.answer = () => google.token("ya29.token", { refresh_token: "1//refresh" });
    const { exitCode, said } = gcrLogin(home);
    const url = await opened(home);
    const query = Object.fromEntries(url.searchParams);
    expect(url.pathname).toBe("/o/oauth2/auth");
    expect(query).toMatchObject({
      client_id: googleClient.id,
      response_type: "code",
      scope,
      access_type: "offline",
      code_challenge_method: "S256",
    });
    await back(url, { state: query.state ?? "", code: "the-code" });
    expect(await exitCode).toBe(0);
    expect(said.stdout).toBe("");
    const [form] = google.requests;
    expect(form).toMatchObject({
      grant_type: "authorization_code",
      code: "the-code",
      client_id: googleClient.id,
      redirect_uri: query.redirect_uri,
    });
    const digest = new Bun.CryptoHasher("sha256").update(form?.code_verifier ?? "").digest("base64url");
    expect(digest).toBe(query.code_challenge ?? "");
    const { gcrCreds } = JSON.parse(home.read(storeFile));
    expect(gcrCreds).toMatchObject({ access_token: "ya29.token", refresh_token: "1//refresh" });
    expect(Date.parse(gcrCreds.token_expiry) - Date.now()).toBeWithin(3_500_000, 3_600_000);
    expect(home.mode(storeFile)).toBe("600");
  });

  test("shrugs off a favicon, a speculative connection and somebody else's state", async () => {
    using google = new Google();
    using home = homeWithBrowser(google);
    google.answer = () => google.token("t", { refresh_token: "r" });
    const { exitCode } = gcrLogin(home);
    const url = await opened(home);
    const redirect = new URL(url.searchParams.get("redirect_uri") ?? "");
    const idle = await Bun.connect({ hostname: "127.0.0.1", port: Number(redirect.port), socket: { data() {} } });
    expect((await fetch(new URL("/favicon.ico", redirect))).status).toBe(404);
    expect((await back(url, { state: "forged", code: "evil" })).status).toBe(400);
    await back(url, { state: url.searchParams.get("state") ?? "", code: "good" });
    expect(await exitCode).toBe(0);
    idle.end();
    expect(google.requests.map(({ code }) => code)).toEqual(["good"]);
  });

  test("tells that access was denied, and keeps nothing", async () => {
    using google = new Google();
    using home = homeWithBrowser(google);
    const { exitCode, said } = gcrLogin(home);
    const url = await opened(home);
    await back(url, { state: url.searchParams.get("state") ?? "", error: "access_denied" });
    expect(await exitCode).toBe(1);
    expect(said.stderr).toContain("Login failure: unable to authenticate user: ");
    expect(said.stderr).toContain("access_denied");
    expect(home.has(storeFile)).toBe(false);
  });

  test("tells what the token endpoint refused", async () => {
    using google = new Google();
    using home = homeWithBrowser(google);
    google.answer = () => google.refuse({ error: "invalid_client", error_description: "unknown" }, 401);
    const { exitCode, said } = gcrLogin(home);
    const url = await opened(home);
    await back(url, { state: url.searchParams.get("state") ?? "", code: "c" });
    expect(await exitCode).toBe(1);
    expect(said.stderr).toMatch(/Login failure: unable to authenticate user: .*invalid_client/);
  });

  test("writes over a damaged file, and keeps what else is in a whole one", async () => {
    using google = new Google();
    google.answer = () => google.token("t", { refresh_token: "r" });
    for (const [before, other] of [
      ["{bad", undefined],
      ['{"other":1}', 1],
    ] as const) {
      using home = homeWithBrowser(google);
      home.write(storeFile, before);
      const { exitCode } = gcrLogin(home);
      const url = await opened(home);
      await back(url, { state: url.searchParams.get("state") ?? "", code: "c" });
      expect(await exitCode).toBe(0);
      expect(JSON.parse(home.read(storeFile))).toMatchObject({
        gcrCreds: { access_token: "t" },
        ...(other && { other }),
      });
    }
  });

  test("tells when the login cannot be kept", async () => {
    using google = new Google();
    google.answer = () => google.token("t", { refresh_token: "r" });
    using home = homeWithBrowser(google);
    home.env.DOCKER_CREDENTIAL_GCR_STORE = "/proc/nowhere/store.json";
    const { exitCode, said } = gcrLogin(home);
    const url = await opened(home);
    await back(url, { state: url.searchParams.get("state") ?? "", code: "c" });
    expect(await exitCode).toBe(1);
    expect(said.stderr).toContain("Login failure: unable to persist access token: ");
  });
});

describe("gcr-login as a program that Google knows", () => {
  test("takes its name from the environment, before the settings", async () => {
    using google = new Google();
    google.answer = () => google.token("t", { refresh_token: "r" });
    using home = homeWithBrowser(google);
    Object.assign(home.env, { WAYBILL_GOOGLE_CLIENT_ID: "mine", WAYBILL_GOOGLE_CLIENT_SECRET: "hush" });
    const { exitCode } = gcrLogin(home);
    const url = await opened(home);
    await back(url, { state: url.searchParams.get("state") ?? "", code: "c" });
    expect(await exitCode).toBe(0);
    expect(google.requests).toMatchObject([{ client_id: "mine", client_secret: "hush" }]);
  });

  test("says in one line what to set when it has no name", async () => {
    using home = new Home();
    const { exitCode, said } = gcrLogin(home);
    expect(await exitCode).toBe(1);
    expect(said.stdout).toBe("");
    const [error, hint, end] = said.stderr.split("\n");
    expect(error).toStartWith("Login failure: unable to authenticate user: Google signs people in to registered");
    expect(hint).toMatch(
      /^waybill: hint: set WAYBILL_GOOGLE_CLIENT_ID and WAYBILL_GOOGLE_CLIENT_SECRET, or: waybill config/,
    );
    expect(end).toBe("");
  });
});

describe("gcr-login on a machine without a browser", () => {
  test("shows the address and takes nothing for an answer that is none", async () => {
    using google = new Google();
    using home = new Home();
    google.replaceIn(home);
    const { exitCode, said } = gcrLogin(home, "\n");
    expect(await exitCode).toBe(1);
    expect(said.stderr).toContain("/o/oauth2/auth?");
    expect(said.stderr).toContain("Login failure: unable to authenticate user: ");
    expect(said.stderr).toContain("hint: try again: docker-credential-gcr gcr-login");
  });
});
