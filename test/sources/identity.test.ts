import { describe, expect, test } from "bun:test";
import { activateAccount } from "../../src/sources/accounts.ts";
import { resolveCaller, resolveIdentity } from "../../src/sources/identity.ts";
import { claimsOf, email, Home, keyFields } from "../helper/home.ts";

const now = () => Date.UTC(2026, 10, 23);

async function threeIdentities() {
  const home = new Home();
  const file = (name: string, port: number) =>
    home.write(
      `${name}.json`,
      JSON.stringify(keyFields({ client_email: `${name}@p.test`, token_uri: `http://localhost:${port}/token` })),
    );
  await activateAccount(home.env, JSON.stringify(keyFields()), "key.json");
  return { home, flag: file("flag", 5001), env: { ...home.env, WAYBILL_KEY_FILE: file("env", 5002) } };
}

describe("resolveCaller", () => {
  test("takes the identity from --key-file, else WAYBILL_KEY_FILE, else the active account", async () => {
    const { home, flag, env } = await threeIdentities();
    using _ = home;
    expect(resolveCaller({ "key-file": flag }, { env, now })).toMatchObject({
      email: "flag@p.test",
      server: "http://localhost:5001",
    });
    expect(resolveCaller({}, { env, now })).toMatchObject({ email: "env@p.test", server: "http://localhost:5002" });
    expect(resolveCaller({}, { env: home.env, now })).toMatchObject({ email, server: "http://localhost:5000" });
    expect(() => resolveCaller({}, { env: { HOME: "/nonexistent" }, now })).toThrow("no account is active");
  });

  test("takes the server from --server, else WAYBILL_SERVER, else the identity", async () => {
    const { home, env } = await threeIdentities();
    using _ = home;
    const both = { ...env, WAYBILL_SERVER: "https://b.example" };
    expect<string>(resolveCaller({ server: "https://a.example" }, { env: both, now }).server).toBe("https://a.example");
    expect<string>(resolveCaller({}, { env: both, now }).server).toBe("https://b.example");
  });

  test("signs a token for everything, addressed to the server that it goes to", async () => {
    const { home } = await threeIdentities();
    using _ = home;
    const claims = async (server?: string) =>
      claimsOf((await resolveCaller({ server }, { env: home.env, now }).accessToken()).reveal()).claims;
    expect(await claims()).toMatchObject({
      aud: "http://localhost:5000/token",
      scope: "https://www.googleapis.com/auth/cloud-platform",
    });
    expect((await claims("127.0.0.1:5000")).aud).toBe("http://localhost:5000/token");
    expect((await claims("https://evil.example")).aud).toBe("https://evil.example/token");
  });
});

describe("resolveIdentity", () => {
  test("finds an account by its name, whatever else is set", async () => {
    const { home, env } = await threeIdentities();
    using _ = home;
    expect(resolveIdentity({ account: email }, env).email).toBe(email);
    expect(() => resolveIdentity({ account: "nobody@p.test" }, env)).toThrow("nobody@p.test is not activated");
  });

  test("refuses a key file of another account than the one that was named", async () => {
    const { home, flag, env } = await threeIdentities();
    using _ = home;
    expect(() => resolveIdentity({ account: email, "key-file": flag }, env)).toThrow(
      /is the key of flag@p.test, not of/,
    );
  });
});
