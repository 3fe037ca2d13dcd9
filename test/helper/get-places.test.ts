// Where the helper runs without a home that it can write, without a home at all, and as somebody else.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { OAuthProcess } from "../oauth/process.ts";
import { GoogleHome } from "../sources/google-home.ts";
import { claimsOf, email, Home, keyFields, type Outcome } from "./home.ts";

const isRoot = process.getuid?.() === 0;
const setpriv = Bun.which("setpriv");
const unshare = Bun.which("unshare");
const otherUser = 12_345; // In no list of users.

let oauth: OAuthProcess;
beforeAll(async () => {
  oauth = await OAuthProcess.start();
});
afterAll(() => oauth[Symbol.asyncDispose]());

const googleKey = JSON.stringify(keyFields({ token_uri: "https://oauth2.googleapis.com/token" }));
const issuerOf = ({ stdout }: Outcome) => claimsOf(JSON.parse(stdout).Secret).claims.iss;

describe("the helper without a place of its own", () => {
  test("without HOME uses what the environment names", async () => {
    using home = new Home();
    const key = home.write("key.json", googleKey);
    const command = [Bun.which("env") ?? "env", "-u", "HOME", ...home.command(["docker-credential-waybill", "get"])];
    const outcome = await home.run(command, { input: "gcr.io", env: { GOOGLE_APPLICATION_CREDENTIALS: key } });
    expect(outcome.exitCode, outcome.stdout).toBe(0);
    expect(issuerOf(outcome)).toBe(email);
  });

  test("with a home that is not there uses what the environment names", async () => {
    using home = new Home();
    const env = { HOME: "/nonexistent", GOOGLE_APPLICATION_CREDENTIALS: home.write("key.json", googleKey) };
    const outcome = await home.helper(["get"], "gcr.io", { env });
    expect(issuerOf(outcome)).toBe(email);
    expect(outcome.stderr).toBe("");
  });

  test("with a home that cannot be written keeps tokens in XDG_RUNTIME_DIR", async () => {
    using home = new GoogleHome(oauth);
    const env = { XDG_CACHE_HOME: "/proc/none", XDG_RUNTIME_DIR: home.path("run"), GCE_METADATA_HOST: oauth.host };
    const first = await home.token({ env });
    expect(await home.token({ env })).toBe(first);
    expect(home.mode("run/waybill/tokens")).toBe("700");
  });

  test("with nothing that can be written still answers, each time with a new token", async () => {
    using home = new GoogleHome(oauth);
    const env = { XDG_CACHE_HOME: "/proc/none", XDG_RUNTIME_DIR: "/proc/none", GCE_METADATA_HOST: oauth.host };
    const [first, second] = [await home.token({ env }), await home.token({ env })];
    expect(first).toStartWith("token-");
    expect(second).not.toBe(first);
  });

  test("with an activated account and a disk that is full of read-only signs its token", async () => {
    using home = new Home();
    await home.activate();
    const outcome = await home.helper(["get"], "localhost:5000", { env: { XDG_CACHE_HOME: "/proc/none" } });
    expect(issuerOf(outcome)).toBe(email);
  });
});

describe.skipIf(!isRoot || setpriv === null)("the helper as another user", () => {
  /** As a user id that no list of users has, like in a container that was started with --user. */
  function asOther(home: Home, input: string, env: Record<string, string>): Promise<Outcome> {
    const become = [setpriv ?? "", `--reuid=${otherUser}`, `--regid=${otherUser}`, "--clear-groups"];
    return home.run([...become, ...home.command(["docker-credential-waybill", "get"])], { input, env, cwd: "/" });
  }

  test("with somebody else's home, which it may not open, uses what the environment names", async () => {
    using home = new Home();
    await home.activate();
    using shared = new Home();
    const key = shared.write("key.json", googleKey, 0o644);
    chmodSync(shared.folder, 0o755);
    const outcome = await asOther(home, "gcr.io", { GOOGLE_APPLICATION_CREDENTIALS: key });
    expect(outcome.exitCode, outcome.stdout + outcome.stderr).toBe(0);
    expect(issuerOf(outcome)).toBe(email);
    expect(outcome.stderr).toMatch(/^waybill: warning: .*settings.json is another user's and cannot be read/);
  });

  test("with somebody else's home, which it may not open, has no account of that one", async () => {
    using home = new Home();
    await home.activate();
    const { exitCode, stdout } = await asOther(home, "localhost:5000", {});
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "credentials not found in native keychain\n" });
  });

  test("without a home and without an entry in the list of users uses what the environment names", async () => {
    using home = new Home();
    const key = home.write("key.json", googleKey, 0o644);
    chmodSync(home.folder, 0o755);
    const outcome = await asOther(home, "gcr.io", { HOME: "", GOOGLE_APPLICATION_CREDENTIALS: key });
    expect(issuerOf(outcome)).toBe(email);
  });
});

describe.skipIf(!isRoot || unshare === null)("the helper on a disk that is mounted read-only", () => {
  test("answers from the accounts that are there", async () => {
    using home = new Home();
    await home.activate();
    const script = `mount --bind ${home.folder} ${home.folder} && mount -o remount,ro,bind ${home.folder} && exec "$@"`;
    const command = [
      unshare ?? "",
      "--mount",
      "sh",
      "-c",
      script,
      "sh",
      ...home.command(["docker-credential-waybill", "get"]),
    ];
    const outcome = await home.run(command, {
      input: "localhost:5000",
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
    });
    if (/Operation not permitted|permission denied/i.test(outcome.stderr))
      return console.warn("skipped: may not mount");
    expect(outcome.exitCode, outcome.stdout + outcome.stderr).toBe(0);
    expect(issuerOf(outcome)).toBe(email);
    expect(home.has(".cache")).toBe(false);
  });
});
