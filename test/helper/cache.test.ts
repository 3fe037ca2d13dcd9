import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { claimsOf, email, Home } from "./home.ts";

const tokens = ".cache/waybill/tokens";

/** The only token that is cached. */
function cached(home: Home, folder = tokens): string {
  const names = readdirSync(home.path(folder));
  expect(names).toHaveLength(1);
  return `${folder}/${names[0]}`;
}

async function get(home: Home, options = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await home.helper(["get"], "localhost:5000", options);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout).Secret;
}

/** Changes what the cache says, as if time had passed or something had gone wrong. */
function change(home: Home, fields: Record<string, unknown>): void {
  home.write(cached(home), JSON.stringify({ ...JSON.parse(home.read(cached(home))), token: "cached", ...fields }));
}

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

describe("get keeps its token for the next process", () => {
  test("in a file that only its owner can read, in folders that only its owner can open", async () => {
    using home = new Home();
    await home.activate();
    const token = await get(home);
    expect(home.mode(cached(home))).toBe("600");
    expect(home.mode(".cache/waybill/tokens")).toBe("700");
    expect(home.mode(".cache/waybill")).toBe("700");
    expect(JSON.parse(home.read(cached(home)))).toMatchObject({ token, expiresAt: claimsOf(token).claims.exp });
    expect(readdirSync(home.path(".cache/waybill/tokens"))).toHaveLength(1);
  });

  test("and answers with it as long as ten minutes are left", async () => {
    using home = new Home();
    await home.activate();
    await get(home);
    change(home, { expiresAt: inSeconds(610) });
    expect(await get(home)).toBe("cached");
  });

  test("in XDG_CACHE_HOME when that is set, unless it is relative", async () => {
    using home = new Home();
    await home.activate();
    await get(home, { env: { XDG_CACHE_HOME: home.path("elsewhere") } });
    expect(home.has(cached(home, "elsewhere/waybill/tokens"))).toBe(true);
    await get(home, { env: { XDG_CACHE_HOME: "relative" } });
    expect(home.has("relative/waybill")).toBe(false);
  });

  test("with the key file out of reach, which the cached path does not read", async () => {
    using home = new Home();
    await home.activate();
    const token = await get(home);
    await Bun.file(home.path(".config/waybill/accounts", `${email}.json`)).delete();
    expect(await get(home)).toBe(token);
  });
});

describe("get makes a new token", () => {
  const reasons: [string, (home: Home) => void][] = [
    [
      "when less than ten minutes are left",
      (home) => change(home, { issuedAt: inSeconds(-3010), expiresAt: inSeconds(590) }),
    ],
    ["when the clock was wrong", (home) => change(home, { issuedAt: inSeconds(4000), expiresAt: inSeconds(7600) })],
    ["when it is another account's, scope's or server's", (home) => change(home, { fingerprint: "other" })],
    ["when nobody says how long the cached one lasts", (home) => change(home, { expiresAt: undefined })],
    ["when the cache is damaged", (home) => home.write(cached(home), '{"token":"cach')],
    ["when the cache is not an object", (home) => home.write(cached(home), "null")],
  ];
  for (const [reason, spoil] of reasons)
    test(reason, async () => {
      using home = new Home();
      await home.activate();
      await get(home);
      spoil(home);
      const token = await get(home);
      expect(claimsOf(token).claims.iss).toBe(email);
      expect(JSON.parse(home.read(cached(home))).token).toBe(token);
    });

  test("after the account was activated again", async () => {
    using home = new Home();
    await home.activate();
    await get(home);
    change(home, { expiresAt: inSeconds(3000) });
    await home.activate();
    expect(await get(home)).not.toBe("cached");
  });
});

describe("get works where nothing can be written", () => {
  test("because the cache's place is a file", async () => {
    using home = new Home();
    await home.activate();
    home.write(".cache", "");
    expect(claimsOf(await get(home)).claims.iss).toBe(email);
  });

  test("because the folder is read-only", async () => {
    using home = new Home();
    await home.activate();
    const env = { XDG_CACHE_HOME: "/proc/waybill" }; // Read-only for root too.
    expect(claimsOf(await get(home, { env })).claims.iss).toBe(email);
  });
});

test("a folder that was open to others is closed to them", async () => {
  using home = new Home();
  await home.activate();
  await get(home);
  chmodSync(home.path(".cache/waybill/tokens"), 0o755);
  await Bun.file(home.path(cached(home))).delete();
  await get(home);
  expect(statSync(home.path(".cache/waybill/tokens")).mode & 0o777).toBe(0o700);
});

test("many helpers at once all answer, and leave one whole file", async () => {
  using home = new Home();
  await home.activate();
  const tokens = await Promise.all(Array.from({ length: 20 }, () => get(home)));
  expect(tokens.every((token) => claimsOf(token).claims.iss === email)).toBe(true);
  expect(home.has(cached(home))).toBe(true);
  expect(tokens).toContain(JSON.parse(home.read(cached(home))).token);
});
