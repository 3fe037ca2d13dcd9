import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runHelper } from "../../../src/helper/run.ts";
import { context } from "../../cli/context.ts";
import { Home } from "../home.ts";
import { Google, googleClient } from "./google.ts";
import { storeFile } from "./row.ts";

const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
const now = Date.UTC(2026, 10, 23);
const inSeconds = (seconds: number) => new Date(now + seconds * 1000).toISOString();

async function get(home: Home) {
  const { it, said } = context({ env: home.env, stdin: "gcr.io", fetch });
  const exitCode = await runHelper("docker-credential-gcr", ["get"], it, async () => 1);
  const token: string | undefined = exitCode === 0 ? JSON.parse(said.stdout).Secret : undefined;
  return { exitCode, token, ...said };
}

/** A home with a login that has so many seconds left. */
function loggedIn(google: Google, secondsLeft: number, fields: Record<string, unknown> = {}): Home {
  const home = new Home();
  google.replaceIn(home);
  const gcrCreds = { access_token: "old", refresh_token: "r1", token_expiry: inSeconds(secondsLeft), ...fields };
  home.write(storeFile, JSON.stringify({ gcrCreds, other: true }));
  return home;
}

describe("a login that ends soon", () => {
  test("is renewed as docker-credential-gcr renews it, and kept with what else is in the file", async () => {
    using google = new Google();
    using home = loggedIn(google, -100);
    expect(await get(home)).toMatchObject({ exitCode: 0, token: "fresh", stderr: "" });
    expect(google.requests).toEqual([
      {
        grant_type: "refresh_token",
        refresh_token: "r1",
        client_id: googleClient.id,
        client_secret: googleClient.secret,
      } as never,
    ]);
    const kept = JSON.parse(home.read(storeFile));
    expect(kept).toMatchObject({ gcrCreds: { access_token: "fresh", refresh_token: "r1" }, other: true });
    expect(await get(home)).toMatchObject({ token: "fresh" });
    expect(google.requests).toHaveLength(1);
  });

  test("has its new refresh token kept when there is one", async () => {
    using google = new Google();
    using home = loggedIn(google, -100);
    google.answer = () => google.token("fresh", { refresh_token: "r2" });
    await get(home);
    expect(JSON.parse(home.read(storeFile)).gcrCreds.refresh_token).toBe("r2");
  });

  test("is renewed when less than ten minutes are left, and not before", async () => {
    using google = new Google();
    using later = loggedIn(google, 610);
    expect((await get(later)).token).toBe("old");
    using sooner = loggedIn(google, 590);
    expect((await get(sooner)).token).toBe("fresh");
  });

  test("is used while it is valid when renewing fails, and that is said", async () => {
    using google = new Google();
    using home = loggedIn(google, 300);
    google.answer = () => google.refuse({}, 503);
    const { token, stderr } = await get(home);
    expect(token).toBe("old");
    expect(stderr).toMatch(/^waybill: warning: .* good for only 300 s more: oauth2: cannot fetch token: 503/);
  });

  test("is used while it is valid when it cannot be renewed", async () => {
    using google = new Google();
    using home = loggedIn(google, 300, { refresh_token: "" });
    expect(await get(home)).toMatchObject({ token: "old", stderr: expect.stringContaining("good for only 300 s") });
  });

  test("is renewed once however many ask", async () => {
    using google = new Google();
    using home = loggedIn(google, -1);
    google.answer = async () => {
      await Bun.sleep(100);
      return google.token("fresh");
    };
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(home)));
    expect(new Set(answers.map(({ token }) => token))).toEqual(new Set(["fresh"]));
    expect(google.requests).toHaveLength(1);
  });

  test("is renewed where nothing can be written, by a user whose home it is not", async () => {
    using google = new Google();
    using home = loggedIn(google, -1);
    for (const path of [".", ".config", ".config/gcloud", ".config/waybill"]) chmodSync(home.path(path), 0o555);
    for (const path of [storeFile, ".config/waybill/settings.json"]) chmodSync(home.path(path), 0o444);
    const isRoot = process.getuid?.() === 0;
    const somebodyElse = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
    const command = [...somebodyElse, process.execPath, main, "docker-credential-gcr", "get"];
    const { exitCode, stdout, stderr } = await home.run(command, { input: "gcr.io", env: { PATH: "/usr/bin:/bin" } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(JSON.parse(stdout).Secret).toBe("fresh");
    expect(JSON.parse(home.read(storeFile)).gcrCreds.access_token).toBe("old");
  });
});

test("a login is not renewed in somebody else's name: without a client of its own it fails and says what to set", async () => {
  using google = new Google();
  using home = loggedIn(google, -1);
  home.write(".config/waybill/settings.json", JSON.stringify({ endpoints: {} }));
  const { exitCode, stdout, stderr } = await get(home);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/access token: Google signs people in to registered programs only, and none is set here\n$/);
  expect(stderr).toContain("waybill: hint: set WAYBILL_GOOGLE_CLIENT_ID and WAYBILL_GOOGLE_CLIENT_SECRET, or: ");
  expect(google.requests).toEqual([]);
});

describe("a login that has ended for good", () => {
  const refusals: [string, Record<string, unknown>, string][] = [
    [
      "was withdrawn",
      { error: "invalid_grant", error_description: "Token has been revoked." },
      'oauth2: "invalid_grant" "Token has been revoked."',
    ],
    ["needs the user again", { error: "invalid_grant", error_subtype: "invalid_rapt" }, 'oauth2: "invalid_grant"'],
  ];
  for (const [what, fields, text] of refusals)
    test(`because it ${what} fails, opens no browser, and names the command that mends it`, async () => {
      using google = new Google();
      using home = loggedIn(google, -1);
      home.program("browser", `: > '${home.path("opened")}'`);
      home.env.BROWSER = home.path("bin/browser");
      google.answer = () => google.refuse(fields);
      const { exitCode, stdout, stderr } = await get(home);
      expect(exitCode).toBe(1);
      expect(stdout).toBe(`docker-credential-gcr/helper: could not retrieve GCR's access token: ${text}\n`);
      expect(stderr).toContain("waybill: hint: log in again: docker-credential-gcr gcr-login");
      expect(home.has("opened")).toBe(false);
    });
});

test("an account that Waybill's settings give the host comes before docker-credential-gcr's sources", async () => {
  using google = new Google();
  using home = loggedIn(google, 3000);
  await home.activate({ token_uri: "http://localhost:5000/token" });
  const { it, said } = context({ env: home.env, stdin: "localhost:5000" });
  expect(await runHelper("docker-credential-gcr", ["get"], it, async () => 1)).toBe(0);
  expect(JSON.parse(said.stdout).Secret).toMatch(/^ey/);
  expect((await get(home)).token).toBe("old");
});

describe("where the settings allow another identity to step in", () => {
  const endedLogin = (google: Google, fallback: boolean) => {
    const home = loggedIn(google, -1, { refresh_token: "" });
    const settings = JSON.parse(home.read(".config/waybill/settings.json"));
    home.write(".config/waybill/settings.json", JSON.stringify({ ...settings, defaults: { fallback } }));
    const user = { type: "authorized_user", client_id: "i", client_secret: "s", refresh_token: "r" };
    home.env.GOOGLE_APPLICATION_CREDENTIALS = home.write("adc.json", JSON.stringify(user));
    return home;
  };

  test("it does", async () => {
    using google = new Google();
    using home = endedLogin(google, true);
    expect(await get(home)).toMatchObject({ exitCode: 0, token: "fresh" });
  });

  test("it does not where they say nothing of it", async () => {
    using google = new Google();
    using home = endedLogin(google, false);
    expect(await get(home)).toMatchObject({ exitCode: 1 });
    expect(google.requests).toEqual([]);
  });

  test("all that failed are told", async () => {
    using google = new Google();
    using home = endedLogin(google, true);
    google.answer = () => google.refuse({ error: "invalid_client" }, 401);
    const { stdout } = await get(home);
    expect(stdout).toMatch(
      /access token: store: oauth2: token expired and refresh token is not set; env: .*invalid_client/,
    );
  });
});
