import { describe, expect, test } from "bun:test";
import { RateLimits } from "../../src/http/rate-limits.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";
import { basic, bearer, startTestServer, type TestServer } from "../server.ts";

const rates = { anonymousPerSecond: 1, principalPerSecond: 2 };
/** 20 seconds' worth may come at once. */
const [anonymousBurst, principalBurst] = [20, 40];

async function until429(send: () => Promise<Response>, most = 100): Promise<{ count: number; last: Response }> {
  for (let count = 0; ; count++) {
    const last = await send();
    if (last.status === 429 || count === most) return { count, last };
    await last.body?.cancel();
  }
}

async function withServer(run: (server: TestServer) => Promise<void>, peer = "192.0.2.1"): Promise<void> {
  const settings = { tls: true, listenHost: "0.0.0.0", hosts: ["registry.example"], trustedProxies: ["10.0.0.0/8"] };
  const server = await startTestServer(settings, peer, rates);
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

describe("an address", () => {
  const doors: [string, (server: TestServer) => Promise<Response>][] = [
    ["without credentials on /v2/", (server) => server.fetch("https://registry.example/v2/")],
    ["without credentials at the token endpoint", (server) => server.fetch("https://registry.example/v2/token")],
    [
      "with a bad password",
      (server) => server.fetch("https://registry.example/v2/token", { headers: basic("oauth2accesstoken", "guess") }),
    ],
    ["with a bad token", (server) => server.fetch("https://registry.example/v2/", { headers: bearer("wbr_x.y.z") })],
    ["without credentials at the administration", (server) => server.fetch("https://registry.example/v1/projects")],
    [
      "with a bad assertion",
      (server) =>
        server.fetch("https://registry.example/token", {
          method: "POST",
          body: new URLSearchParams({ grant_type: jwtBearer, assertion: "a.b.c" }),
        }),
    ],
  ];
  test.each(doors)("%s is told to wait, and for how long", async (_name, send) => {
    await withServer(async (server) => {
      const { count, last } = await until429(() => send(server));
      expect(count).toBe(anonymousBurst);
      expect(last.headers.get("retry-after")).toBe("1");
      server.clock.now += 1000;
      expect((await send(server)).status).not.toBe(429);
      expect((await send(server)).status).toBe(429);
      expect(server.logged).toEqual([]);
    });
  });

  test("that guesses does not keep an account behind the same address out", async () => {
    await withServer(async (server) => {
      const { account, key } = await server.account(await server.project("demo"), "robot");
      await until429(() => server.fetch("https://registry.example/v2/"));
      const headers = bearer(server.accessToken(account, key));
      expect((await server.fetch("https://registry.example/v2/", { headers })).status).toBe(200);
    });
  });

  test("is the one that a trusted proxy names, not what the client writes before it", async () => {
    await withServer(async (server) => {
      const from = (forwarded: string) =>
        server.fetch("https://registry.example/v2/", { headers: { "x-forwarded-for": forwarded } });
      let fake = 0;
      expect((await until429(() => from(`203.0.113.${fake++ % 250}, 192.0.2.9, 10.0.0.2`))).count).toBe(anonymousBurst);
      expect((await from("192.0.2.10, 10.0.0.2")).status).toBe(401);
    }, "10.0.0.1");
  });

  test("cannot name another one without a trusted proxy", async () => {
    await withServer(async (server) => {
      let fake = 0;
      const send = () =>
        server.fetch("https://registry.example/v2/", { headers: { "x-forwarded-for": `203.0.113.${fake++ % 250}` } });
      expect((await until429(send)).count).toBe(anonymousBurst);
    });
  });
});

test("an account is told to wait wherever it comes from, and others are not", async () => {
  await withServer(async (server) => {
    const project = await server.project("demo");
    const [one, other] = [await server.account(project, "one"), await server.account(project, "other")];
    const send = (of: typeof one) =>
      server.fetch("https://registry.example/v2/", { headers: bearer(server.accessToken(of.account, of.key)) });
    const { count, last } = await until429(() => send(one));
    expect(count).toBe(principalBurst);
    expect(await last.json()).toMatchObject({ errors: [{ code: "TOOMANYREQUESTS" }] });
    expect((await send(other)).status).toBe(200);
    const headers = bearer(assertionOf(one.key, server.clock.now, { aud: undefined, sub: one.key.client_email }));
    expect((await server.fetch("https://registry.example/v2/", { headers })).status).toBe(429);
  });
});

describe("RateLimits", () => {
  test.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::1", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["::1", "::2", true],
    ["::ffff:192.0.2.1", "192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
  ])("counts %s and %s as one: %p", (one, other, same) => {
    const limits = new RateLimits(rates, () => 0);
    for (let count = 0; count < anonymousBurst; count++) expect(limits.countAnonymous(one)).toBe(0);
    expect(limits.countAnonymous(other) > 0).toBe(same);
  });

  test("keeps a bounded number of addresses", () => {
    const limits = new RateLimits(rates, () => 0);
    for (let count = 0; count < 120_000; count++)
      limits.countAnonymous(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`);
    expect(limits.countAnonymous("192.0.2.1")).toBe(0);
  });
});
