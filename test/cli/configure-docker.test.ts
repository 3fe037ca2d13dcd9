import { describe, expect, test } from "bun:test";
import { runCli } from "../../src/cli/run.ts";
import { readSettings } from "../../src/sources/settings.ts";
import { email, Home, keyFields } from "../helper/home.ts";
import { context } from "./context.ts";

const path = ".docker/config.json";

async function activated(): Promise<Home> {
  const home = new Home();
  await run(home, ["activate-service-account", `--key-file=${home.write("key.json", JSON.stringify(keyFields()))}`]);
  home.program("docker-credential-waybill", "");
  return home;
}

async function run(home: Home, argv: string[], given: Parameters<typeof context>[0] = {}) {
  const { it, said } = context({ ...given, env: { ...home.env, ...given.env } });
  const exitCode = await runCli(["auth", ...argv], it);
  return { exitCode, ...said };
}

describe("waybill auth configure-docker", () => {
  test("without a host configures those of the active account's server", async () => {
    using home = await activated();
    const { exitCode, stdout, stderr } = await run(home, ["configure-docker"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toBe(
      `${home.path(path)}:\n  + credHelpers["localhost:5000"] = "waybill"\n  + credHelpers["127.0.0.1:5000"] = "waybill"\n`,
    );
    expect(JSON.parse(home.read(path))).toEqual({
      credHelpers: { "localhost:5000": "waybill", "127.0.0.1:5000": "waybill" },
    });
  });

  test("with hosts configures those, and the helper answers for them", async () => {
    using home = await activated();
    expect((await run(home, ["configure-docker", "gcr.io, https://EU.gcr.io/,gcr.io"])).exitCode).toBe(0);
    expect(JSON.parse(home.read(path))).toEqual({ credHelpers: { "gcr.io": "waybill", "eu.gcr.io": "waybill" } });
    expect(Object.fromEntries(readSettings(home.env).registries)).toMatchObject({
      "gcr.io": email,
      "eu.gcr.io": email,
    });
  });

  test("shows what it replaces, and nothing of the rest of the file", async () => {
    using home = await activated();
    home.write(path, '{"auths":{"gcr.io":{"auth":"c2VjcmV0"}},"credHelpers":{"gcr.io":"gcloud"}}');
    const { stderr } = await run(home, ["configure-docker", "gcr.io"]);
    expect(stderr).toContain('  - credHelpers["gcr.io"] = "gcloud"\n  + credHelpers["gcr.io"] = "waybill"\n');
    expect(stderr).not.toContain("c2VjcmV0");
    expect(home.read(path)).toBe('{"auths":{"gcr.io":{"auth":"c2VjcmV0"}},"credHelpers":{"gcr.io":"waybill"}}');
  });

  test("with --dry-run prints the change on standard output and makes none", async () => {
    using home = await activated();
    const before = home.read(".config/waybill/settings.json");
    const { exitCode, stdout } = await run(home, ["configure-docker", "--dry-run", "gcr.io"]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`${home.path(path)}:\n  + credHelpers["gcr.io"] = "waybill"\n`);
    expect(home.has(".docker")).toBe(false);
    expect(home.read(".config/waybill/settings.json")).toBe(before);
  });

  test("a second time has nothing to do", async () => {
    using home = await activated();
    await run(home, ["configure-docker"]);
    const { exitCode, stderr } = await run(home, ["configure-docker"]);
    expect(exitCode).toBe(0);
    expect(stderr).toBe(`Nothing to change in ${home.path(path)}.\n`);
  });

  const answers: [string, number][] = [
    ["\n", 0],
    ["y\n", 0],
    ["YES\n", 0],
    ["n\n", 1],
    ["what?\n", 1],
    ["", 1],
  ];
  for (const [stdin, exitCode] of answers)
    test(`asks at a terminal, and the answer ${JSON.stringify(stdin)} exits ${exitCode}`, async () => {
      using home = await activated();
      const outcome = await run(home, ["configure-docker"], { stdin, interactive: true });
      expect(outcome.exitCode).toBe(exitCode);
      expect(outcome.stderr).toContain("Make this change? (Y/n) ");
      expect(home.has(path)).toBe(exitCode === 0);
    });

  test("does not ask with --quiet", async () => {
    using home = await activated();
    expect((await run(home, ["configure-docker", "-q"], { interactive: true })).exitCode).toBe(0);
  });

  test("warns when docker would not find the helper", async () => {
    using home = await activated();
    const { exitCode, stderr } = await run(home, ["configure-docker"], { env: { PATH: "/nonexistent" } });
    expect(exitCode).toBe(0);
    expect(stderr).toContain("waybill: warning: docker-credential-waybill is not on PATH");
  });

  for (const [argv, exitCode, message] of [
    [["configure-docker", "not a host"], 2, /"not a host" is not a registry host/],
    [["configure-docker", ","], 2, /no registry host/],
    [["configure-docker", "--helper=../x"], 2, /--helper cannot be/],
    [["configure-docker", "gcr.io", "eu.gcr.io"], 2, /one argument too many/],
  ] as const)
    test(`refuses ${argv.join(" ")}`, async () => {
      using home = await activated();
      const outcome = await run(home, [...argv]);
      expect(outcome.exitCode).toBe(exitCode);
      expect(outcome.stderr).toMatch(message);
      expect(home.has(path)).toBe(false);
    });
});

describe("waybill auth unconfigure-docker", () => {
  test("undoes configure-docker to the byte, and the helper no longer answers", async () => {
    using home = await activated();
    const before = '{\n    "auths": {},\n    "proxies": { "default": 1.50 }\n}';
    home.write(path, before, 0o640);
    await run(home, ["configure-docker"]);
    expect((await run(home, ["unconfigure-docker"])).exitCode).toBe(0);
    expect(home.read(path)).toBe(before);
    expect(home.mode(path)).toBe("640");
    expect(readSettings(home.env).registries.size).toBe(0);
  });

  test("leaves entries that name another helper", async () => {
    using home = await activated();
    home.write(path, '{"credHelpers":{"localhost:5000":"pass","gcr.io":"waybill"}}');
    await run(home, ["unconfigure-docker", "localhost:5000,gcr.io"]);
    expect(home.read(path)).toBe('{"credHelpers":{"localhost:5000":"pass"}}');
  });
});
