import { describe, expect, test } from "bun:test";
import { activateAccount, forgetAccount } from "../../src/sources/accounts.ts";
import { parseServer } from "../../src/sources/server.ts";
import { changeSettings, readSettings } from "../../src/sources/settings.ts";
import { email, Home, keyFields } from "../helper/home.ts";

const keyText = (fields = {}) => JSON.stringify(keyFields(fields));
const path = ".config/waybill/settings.json";

describe("an activated account", () => {
  test("lies in files that only their owner can read, the key byte for byte", async () => {
    using home = new Home();
    await activateAccount(home.env, keyText(), "key.json");
    expect(home.read(`.config/waybill/accounts/${email}.json`)).toBe(keyText());
    for (const name of [path, `.config/waybill/accounts/${email}.json`]) expect(home.mode(name)).toBe("600");
    for (const name of [".config/waybill", ".config/waybill/accounts"]) expect(home.mode(name)).toBe("700");
  });

  test("is active and gets its server's hosts", async () => {
    using home = new Home();
    await activateAccount(home.env, keyText(), "key.json");
    const { active, registries } = readSettings(home.env);
    expect(active).toBe(email);
    expect(Object.fromEntries(registries)).toEqual({ "localhost:5000": email, "127.0.0.1:5000": email });
  });

  test("lies below WAYBILL_CONFIG_DIR, else XDG_CONFIG_HOME unless that is relative", async () => {
    using home = new Home();
    await activateAccount({ ...home.env, XDG_CONFIG_HOME: home.path("xdg") }, keyText(), "key.json");
    expect(home.has("xdg/waybill/settings.json")).toBe(true);
    const env = { ...home.env, WAYBILL_CONFIG_DIR: home.path("own"), XDG_CONFIG_HOME: home.path("other") };
    await activateAccount(env, keyText(), "key.json");
    expect(home.has("own/settings.json")).toBe(true);
    await activateAccount({ ...home.env, XDG_CONFIG_HOME: "relative" }, keyText(), "key.json");
    expect(home.has(path)).toBe(true);
  });

  test("loses the hosts of its old server when it moves to a new one, and those only", async () => {
    using home = new Home();
    const other = "other@my-project.iam.waybill.internal";
    await activateAccount(
      home.env,
      keyText({ client_email: other, token_uri: "http://localhost:7000/token" }),
      "key.json",
    );
    await activateAccount(home.env, keyText(), "key.json");
    await activateAccount(home.env, keyText(), "key.json", { server: parseServer("https://registry.example.com") });
    const expected = { "localhost:7000": other, "127.0.0.1:7000": other, "registry.example.com": email };
    expect(Object.fromEntries(readSettings(home.env).registries)).toEqual(expected);
  });

  test("leaves nothing when it is forgotten", async () => {
    using home = new Home();
    await activateAccount(home.env, keyText(), "key.json");
    expect<string[]>(await forgetAccount(home.env, email)).toEqual(["localhost:5000", "127.0.0.1:5000"]);
    expect(home.has(`.config/waybill/accounts/${email}.json`)).toBe(false);
    expect(JSON.parse(home.read(path))).toEqual({ accounts: {}, registries: {} });
    expect(forgetAccount(home.env, email)).rejects.toThrow(/not activated/);
  });
});

describe("the settings file", () => {
  const damaged = [
    "",
    "{",
    "[]",
    "null",
    '{"accounts":[]}',
    '{"accounts":{"a@b":1}}',
    '{"accounts":{"../x@y":{}}}',
    '{"registries":{"h":1}}',
    '{"active":1}',
  ];
  for (const text of damaged)
    test(`that is ${JSON.stringify(text)} is an error that names it, and is not written over`, async () => {
      using home = new Home();
      home.write(path, text);
      expect(() => readSettings(home.env)).toThrow(new RegExp(`${path}`));
      expect(activateAccount(home.env, keyText(), "key.json")).rejects.toThrow(/settings\.json/);
      expect(home.read(path)).toBe(text);
    });

  test("keeps fields that it does not know", async () => {
    using home = new Home();
    home.write(
      path,
      JSON.stringify({ future: { a: [1] }, accounts: { "a@b": { server: "s", keyId: "k", tokenUri: "t", more: 1 } } }),
    );
    await changeSettings(home.env, (settings) => {
      settings.active = "a@b";
    });
    expect(JSON.parse(home.read(path))).toMatchObject({
      active: "a@b",
      future: { a: [1] },
      accounts: { "a@b": { more: 1 } },
    });
  });

  test("loses no change when many are made at once", async () => {
    using home = new Home();
    const emails = Array.from({ length: 12 }, (_, index) => `robot${index}@my-project.iam.waybill.internal`);
    const files = emails.map((client_email) => home.write(`${client_email}.json`, keyText({ client_email })));
    const outcomes = await Promise.all(
      files.map((file) => home.waybill(["auth", "activate-service-account", `--key-file=${file}`])),
    );
    expect(outcomes.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
    expect([...readSettings(home.env).accounts.keys()].sort()).toEqual(emails.sort());
    expect(home.has(`${path}.lock`)).toBe(false);
  }, 20_000);
});
