// Many processes that want the same token at the same moment, and one server that counts.
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

function federated() {
  const home = new GoogleHome(oauth);
  home.write("subject", "jwt");
  const fields = credentialFiles.external_account(home.path("subject"));
  return { home, env: { GOOGLE_APPLICATION_CREDENTIALS: home.write("adc.json", JSON.stringify(fields)) } };
}

const exchanges = async () => (await oauth.log("/v1/token")).length;
const many = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

describe("50 helpers at once on a cold cache", () => {
  test("make exactly one token request, and all answer with its token", async () => {
    const { home, env } = federated();
    using _ = home;
    await oauth.control({ delayMilliseconds: 300 });
    const before = await exchanges();
    const tokens = await many(50, (index) => home.token({ env }, index % 2 === 0 ? "gcr.io" : "us-docker.pkg.dev"));
    expect(await exchanges()).toBe(before + 1);
    expect(new Set(tokens).size).toBe(1);
    expect(readdirSync(home.path(".cache/waybill/tokens"))).toHaveLength(1);
  }, 60_000);

  test("of which the token is refused all say why, after one request", async () => {
    const { home, env } = federated();
    using _ = home;
    const delayMilliseconds = 1500;
    await oauth.control({ delayMilliseconds, refuse: { status: 400, error: "invalid_target" } });
    const before = await exchanges();
    const started = performance.now();
    const outcomes = await many(20, () => home.get({ env }));
    for (const { exitCode, stdout } of outcomes) {
      expect(exitCode).toBe(1);
      expect(stdout).toContain("invalid_target");
    }
    // Who started after one had failed tries again, but never two at a time.
    expect((await exchanges()) - before).toBeLessThanOrEqual((performance.now() - started) / delayMilliseconds);
  }, 60_000);

  test("with a token that is too short for the promise still make one request", async () => {
    const { home, env } = federated();
    using _ = home;
    await oauth.control({ delayMilliseconds: 300, lifetimeSeconds: 300 });
    const before = await exchanges();
    const started = performance.now();
    const tokens = new Set(await many(20, () => home.token({ env })));
    const asked = (await exchanges()) - before;
    expect(tokens.size).toBe(asked);
    // For ten seconds nobody asks for another one: all have come by then, unless the machine is very slow.
    expect(asked).toBeLessThanOrEqual(1 + Math.floor((performance.now() - started) / 10_000));
  }, 60_000);
});

test("a helper that is killed while it asks holds up nobody", async () => {
  const { home, env } = federated();
  using _ = home;
  await oauth.control({ isHanging: true });
  const before = await exchanges();
  const child = Bun.spawn(home.command(["docker-credential-waybill", "get"]), {
    env: { ...home.env, ...env },
    stdin: Buffer.from("gcr.io"),
    stdout: "ignore",
  });
  while ((await exchanges()) === before) await Bun.sleep(10);
  child.kill("SIGKILL");
  await child.exited;
  await oauth.control({});
  const started = performance.now();
  expect(await home.token({ env })).toStartWith("token-");
  expect(performance.now() - started).toBeLessThan(await home.atMost(1000));
  expect(readdirSync(home.path(".cache/waybill/tokens"))).toHaveLength(1);
}, 60_000);

test("helpers for hosts with scopes of their own do not use up one another's refresh token", async () => {
  using home = new GoogleHome(oauth);
  await oauth.control({ pendingTimes: 0, delayMilliseconds: 100 });
  expect((await home.waybill(["auth", "login", oauth.url])).exitCode).toBe(0);
  const push = ["config", "set", `--host=localhost:${oauth.port}`, "push", "true"];
  expect((await home.waybill(push)).exitCode).toBe(0);
  const before = (await oauth.log("/token")).length;
  const hosts = [oauth.host, `localhost:${oauth.port}`];
  const tokens = await many(20, (index) => home.token({}, hosts[index % 2]));
  expect(new Set(tokens).size).toBe(2);
  expect((await oauth.log("/token")).length).toBe(before + 2);
}, 60_000);

test("helpers that are killed at random moments leave whole files, and those beside them answer", async () => {
  const { home, env } = federated();
  using _ = home;
  await oauth.control({ delayMilliseconds: 20 });
  const random = seeded(20261123);
  const killOne = async () => {
    const child = Bun.spawn(home.command(["docker-credential-waybill", "get"]), {
      env: { ...home.env, ...env },
      stdin: Buffer.from("gcr.io"),
      stdout: "ignore",
      stderr: "ignore",
    });
    await Bun.sleep(random() * 120);
    child.kill("SIGKILL");
    await child.exited;
  };
  for (let round = 0; round < 10; round++) {
    await Bun.$`rm -rf ${home.path(".cache/waybill/tokens")}`;
    const [tokens] = await Promise.all([many(4, () => home.token({ env })), many(6, killOne)]);
    expect(tokens.every((token) => token.startsWith("token-"))).toBe(true);
    for (const name of readdirSync(home.path(".cache/waybill/tokens")))
      if (name.endsWith(".json")) JSON.parse(home.read(`.cache/waybill/tokens/${name}`));
  }
}, 60_000);

/** The same numbers each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
