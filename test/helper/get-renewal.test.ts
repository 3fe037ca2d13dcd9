// When the helper asks for a new token, and what it says when it cannot get one. The issuer is a server process.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { OAuthProcess } from "../oauth/process.ts";
import { credentialFiles, GoogleHome } from "../sources/google-home.ts";

let oauth: OAuthProcess;
beforeAll(async () => {
  oauth = await OAuthProcess.start();
});
beforeEach(() => oauth.control({}));
afterAll(() => oauth[Symbol.asyncDispose]());

/** A home whose token comes from the server, one request each time. */
function federated(settings = {}): { home: GoogleHome; env: Record<string, string> } {
  const home = new GoogleHome(oauth, settings);
  home.write("subject", "jwt");
  const fields = credentialFiles.external_account(home.path("subject"));
  return { home, env: { GOOGLE_APPLICATION_CREDENTIALS: home.write("adc.json", JSON.stringify(fields)) } };
}

const exchanges = async () => (await oauth.log("/v1/token")).length;

/** Lets time pass for the cached token. */
function leave(home: GoogleHome, seconds: number): void {
  const [name] = readdirSync(home.path(".cache/waybill/tokens")).filter((file) => file.endsWith(".json"));
  const path = `.cache/waybill/tokens/${name}`;
  const now = Math.floor(Date.now() / 1000);
  const entry = {
    ...JSON.parse(home.read(path)),
    token: "old",
    issuedAt: now - 3600 + seconds,
    expiresAt: now + seconds,
  };
  home.write(path, JSON.stringify(entry));
}

/** Of 300 seconds, those that are left after what has really passed, in whole seconds. */
function expectLeft(seconds: string | undefined, startedAt: number): void {
  const passed = (Date.now() - startedAt) / 1000;
  expect(Number(seconds)).toBeLessThanOrEqual(300);
  expect(Number(seconds)).toBeGreaterThanOrEqual(Math.floor(300 - passed) - 1);
}

describe("a promised lifetime", () => {
  for (const [settings, left, isKept] of [
    [{}, 590, false],
    [{}, 610, true],
    [{ defaults: { minimumLifetimeSeconds: 60 } }, 590, true],
    [{ hosts: { "gcr.io": { minimumLifetimeSeconds: 1800 } } }, 1700, false],
  ] as const)
    test(`with ${JSON.stringify(settings)} a token with ${left} s left is ${isKept ? "kept" : "renewed"}`, async () => {
      const { home, env } = federated(settings);
      using _ = home;
      await home.token({ env });
      leave(home, left);
      expect((await home.token({ env })) === "old").toBe(isKept);
    });

  test("that no source can keep is said on standard error, and the short token is used", async () => {
    const { home, env } = federated();
    using _ = home;
    await oauth.control({ lifetimeSeconds: 300 });
    const startedAt = Date.now();
    const { exitCode, stdout, stderr } = await home.get({ env });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).Secret).toStartWith("token-");
    const warning = /^waybill: warning: the token for gcr.io from env lasts (\d+) s, and 600 s were promised\n$/;
    expect(stderr).toMatch(warning);
    expectLeft(warning.exec(stderr)?.[1], startedAt);
  });
});

describe("a renewal that fails", () => {
  test("does no harm as long as the old token is valid, and is told on standard error", async () => {
    const { home, env } = federated();
    using _ = home;
    await home.token({ env });
    const startedAt = Date.now();
    leave(home, 300);
    await oauth.control({ refuse: { status: 400, error: "invalid_grant" } });
    const { exitCode, stdout, stderr } = await home.get({ env });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).Secret).toBe("old");
    const warning =
      /^waybill: warning: no token for gcr.io: env: .*invalid_grant.*; the old token is used, which lasts (\d+) s more\n$/;
    expect(stderr).toMatch(warning);
    expectLeft(warning.exec(stderr)?.[1], startedAt);
  });

  test("is an error when the old token is as good as expired", async () => {
    const { home, env } = federated();
    using _ = home;
    await home.token({ env });
    leave(home, 10);
    await oauth.control({ refuse: { status: 400, error: "invalid_grant" } });
    const { exitCode, stdout } = await home.get({ env });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("invalid_grant");
  });

  test("because nothing answers ends at the deadline, with the old token", async () => {
    const { home, env } = federated();
    using _ = home;
    await home.token({ env });
    leave(home, 300);
    await oauth.control({ isHanging: true });
    const started = performance.now();
    expect(await home.token({ env })).toBe("old");
    expect(performance.now() - started).toBeLessThan(await home.atMost(10_000));
  }, 60_000);

  test("because nothing answers ends at the deadline, with an error that says so", async () => {
    const { home, env } = federated();
    using _ = home;
    await oauth.control({ isHanging: true });
    const started = performance.now();
    const { exitCode, stdout } = await home.get({ env });
    expect(performance.now() - started).toBeLessThan(await home.atMost(10_000));
    expect(exitCode).toBe(1);
    expect(stdout).toContain("no token for gcr.io: env: ");
    expect(stdout).toContain("no answer in");
  }, 60_000);
});

describe("an identity never changes without a word", () => {
  /** Two identities: credentials that fail, and a metadata server that would answer. */
  async function failing(settings = {}) {
    const { home, env } = federated(settings);
    await Bun.file(home.path("subject")).delete();
    return { home, env: { ...env, GCE_METADATA_HOST: oauth.host } };
  }

  test("when the first one fails the others are not asked: it is an error that names what was tried", async () => {
    const { home, env } = await failing();
    using _ = home;
    const before = (await oauth.log()).length;
    const { exitCode, stdout, stderr } = await home.get({ env });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^no token for gcr.io: env: .*subject.* \(without an identity: store, token\)\n$/);
    expect(stderr).toStartWith(`waybill: error: ${stdout}`);
    expect((await oauth.log()).length).toBe(before);
  });

  test("unless that is configured; then all failures are told together", async () => {
    const { home, env } = await failing({ defaults: { fallback: true } });
    using _ = home;
    expect(await home.token({ env })).toStartWith("token-");
    const { stdout } = await home.get({ env: { ...env, GCE_METADATA_HOST: "127.0.0.1:9" } }, "us.gcr.io");
    expect(stdout).toContain("no token for us.gcr.io: env: ");
    expect(stdout).toContain("; metadata: ");
  });

  test("and when it does change the helper says so", async () => {
    const { home, env } = federated();
    using _ = home;
    await home.token({ env });
    const { exitCode, stderr } = await home.get({ env: { GCE_METADATA_HOST: oauth.host } });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /^waybill: warning: gcr.io is now used as me@example.com \(metadata\), before it was external_account in /,
    );
    expect((await home.get({ env: { GCE_METADATA_HOST: oauth.host } })).stderr).toBe("");
  });

  test("hosts that are set to be used as different accounts are no change", async () => {
    const { home, env } = federated({ hosts: { "eu.gcr.io": { impersonate: ["other@p.test"] } } });
    using _ = home;
    for (const host of ["gcr.io", "eu.gcr.io", "gcr.io", "eu.gcr.io"]) {
      expect((await home.get({ env }, host)).stderr).toBe("");
      await Bun.$`rm -r ${home.path(".cache/waybill/tokens")}`;
    }
  });

  test("an account that is set for a host and is not here is an error, not somebody else", async () => {
    const { home, env } = federated({ hosts: { "gcr.io": { account: "gone@p.test" } } });
    using _ = home;
    const { exitCode, stdout } = await home.get({ env });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("store: gone@p.test is not activated on this machine");
    expect(await home.token({ env }, "us.gcr.io")).toStartWith("token-");
  });

  test("the order of the sources is what is configured", async () => {
    const { home, env } = await failing({ defaults: { sources: ["metadata", "env"] } });
    using _ = home;
    expect(await home.token({ env })).toStartWith("token-");
  });
});

describe("one token is not asked for twice", () => {
  test("by Google's other hosts", async () => {
    const { home, env } = federated();
    using _ = home;
    const before = await exchanges();
    for (const host of ["gcr.io", "eu.gcr.io", "us-docker.pkg.dev"]) await home.token({ env }, host);
    expect(await exchanges()).toBe(before + 1);
  });

  test("but by a host with scopes of its own, which gets its own", async () => {
    const { home, env } = federated({ hosts: { "eu.gcr.io": { push: true } } });
    using _ = home;
    await home.token({ env });
    const before = await exchanges();
    await home.token({ env }, "eu.gcr.io");
    expect(await exchanges()).toBe(before + 1);
    expect((await oauth.log("/v1/token")).at(-1)?.form.scope).toEndWith("devstorage.read_write");
  });

  test("and a file that was replaced is another identity's", async () => {
    const { home, env } = federated();
    using _ = home;
    await home.token({ env });
    const before = await exchanges();
    home.write("adc.json", `${home.read("adc.json")} `);
    await home.token({ env });
    expect(await exchanges()).toBe(before + 1);
  });
});

test("a machine without any identity gets the sentinel, and nothing is left on it", async () => {
  using home = new GoogleHome(oauth);
  const { exitCode, stdout, stderr } = await home.get();
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: "credentials not found in native keychain\n",
    stderr: "",
  });
  expect(home.has(".cache")).toBe(false);
});
