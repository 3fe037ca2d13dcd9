import { describe, expect, test } from "bun:test";
import { runCli } from "../../src/cli/run.ts";
import { claimsOf, Home } from "../helper/home.ts";
import { context } from "./context.ts";

const path = ".config/waybill/settings.json";

async function run(home: Home, argv: string[]) {
  const { it, said } = context({ env: home.env });
  const exitCode = await runCli(["config", ...argv], it);
  return { exitCode, ...said };
}

describe("waybill config set and get", () => {
  const rows: [name: string, value: string, stored: Record<string, unknown>, shown?: string][] = [
    ["push", "true", { defaults: { push: true } }],
    ["sources", "env, gcloud", { defaults: { sources: ["env", "gcloud"] } }, "env,gcloud"],
    [
      "scopes",
      "devstorage.read_only",
      { defaults: { scopes: ["https://www.googleapis.com/auth/devstorage.read_only"] } },
      "https://www.googleapis.com/auth/devstorage.read_only",
    ],
    ["minimum-lifetime", "900", { defaults: { minimumLifetimeSeconds: 900 } }],
    ["impersonate", "a@p.test,b@p.test", { defaults: { impersonate: ["a@p.test", "b@p.test"] } }],
    ["audience", "https://x.example", { defaults: { audience: "https://x.example" } }],
    ["fallback", "true", { defaults: { fallback: true } }],
    ["google-hosts", "a.example,*.b.example", { googleHosts: ["a.example", "*.b.example"] }],
    ["google-client-id", "id", { googleClient: { id: "id" } }],
    ["keychain", "false", { keychain: false }],
    ["workload-identity-provider", "github", { workloadIdentity: { provider: "github" } }],
    ["endpoint-oauth2", "http://localhost:1", { endpoints: { "https://oauth2.googleapis.com": "http://localhost:1" } }],
  ];
  for (const [name, value, stored, shown = value] of rows)
    test(`${name} ${value}, and unset leaves nothing of it`, async () => {
      using home = new Home();
      expect((await run(home, ["set", name, value])).exitCode).toBe(0);
      expect(JSON.parse(home.read(path))).toMatchObject(stored);
      expect((await run(home, ["get", name])).stdout).toBe(`${shown}\n`);
      expect((await run(home, ["unset", name])).exitCode).toBe(0);
      expect(JSON.parse(home.read(path))).toEqual({ accounts: {}, registries: {} });
      expect(await run(home, ["get", name])).toEqual({ exitCode: 1, stdout: "", stderr: `${name} is not set.\n` });
    });

  test("for one host, and for one ending", async () => {
    using home = new Home();
    await run(home, ["set", "--host=GCR.io", "push", "true"]);
    await run(home, ["set", "--host=*.pkg.dev", "audience", "x"]);
    expect(JSON.parse(home.read(path)).hosts).toEqual({ "gcr.io": { push: true }, "*.pkg.dev": { audience: "x" } });
    expect((await run(home, ["get", "--host=gcr.io", "push"])).stdout).toBe("true\n");
    expect((await run(home, ["get", "push"])).exitCode).toBe(1);
    await run(home, ["unset", "--host=gcr.io", "push"]);
    expect(JSON.parse(home.read(path)).hosts).toEqual({ "*.pkg.dev": { audience: "x" } });
  });

  test("keeps what it does not know, in every object that it changes", async () => {
    using home = new Home();
    home.write(
      path,
      '{"future":1,"hosts":{"gcr.io":{"more":2}},"defaults":{"new":3},"endpoints":{"https://x":"https://y"}}',
    );
    await run(home, ["set", "--host=gcr.io", "push", "true"]);
    await run(home, ["set", "push", "false"]);
    await run(home, ["set", "endpoint-sts", "https://z.example"]);
    expect(JSON.parse(home.read(path))).toMatchObject({
      future: 1,
      hosts: { "gcr.io": { more: 2, push: true } },
      defaults: { new: 3, push: false },
      endpoints: { "https://x": "https://y", "https://sts.googleapis.com": "https://z.example" },
    });
  });

  const refused: [string[], RegExp][] = [
    [["set", "pussh", "true"], /there is no setting "pussh"\n.*did you mean push\?/],
    [["set", "constructor", "true"], /there is no setting/],
    [["set", "push", "yes"], /neither true nor false/],
    [["set", "sources", "env,nope"], /"nope" is not a source of tokens/],
    [["set", "sources", ","], /the list is empty/],
    [["set", "impersonate", "nobody"], /is not an account/],
    [["set", "minimum-lifetime", "10m"], /is not a number of seconds/],
    [["set", "--host=*.dev", "push", "true"], /is not a registry host/],
    [["set", "--host=not a host", "push", "true"], /is not a registry host/],
    [["set", "--host=gcr.io", "keychain", "false"], /holds for every host/],
    [["set", "push"], /NAME VALUE is missing/],
  ];
  for (const [argv, message] of refused)
    test(`refuses ${argv.join(" ")}, and keeps nothing`, async () => {
      using home = new Home();
      const { exitCode, stderr } = await run(home, argv);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(message);
      expect(home.has(path)).toBe(false);
    });

  test("refuses an endpoint that would get credentials without encryption", async () => {
    using home = new Home();
    expect((await run(home, ["set", "endpoint-sts", "http://sts.example"])).stderr).toContain("without encryption");
  });
});

describe("waybill config list", () => {
  test("shows what is set, for all hosts and for some, and no secret", async () => {
    using home = new Home();
    expect((await run(home, ["list"])).stderr).toStartWith("Nothing is set.\n");
    await run(home, ["set", "google-client-secret", "hush"]);
    await run(home, ["set", "fallback", "true"]);
    await run(home, ["set", "--host=gcr.io", "push", "true"]);
    expect((await run(home, ["list"])).stdout).toBe(
      [
        "HOST    NAME                  VALUE",
        "        fallback              true",
        "        google-client-secret  [set]",
        "gcr.io  push                  true\n",
      ].join("\n"),
    );
    expect(JSON.parse((await run(home, ["list", "--format=json"])).stdout)).toEqual([
      { name: "fallback", value: true },
      { name: "google-client-secret", value: "[set]" },
      { host: "gcr.io", name: "push", value: true },
    ]);
  });
});

describe("what is set decides what get answers", () => {
  async function claims(home: Home, host = "localhost:5000") {
    const { stdout } = await home.helper(["get"], host);
    return claimsOf(JSON.parse(stdout).Secret).claims;
  }

  test("scopes, push and audiences, for the host that they are said for", async () => {
    using home = new Home();
    await home.activate();
    await run(home, ["set", "--host=localhost:5000", "push", "true"]);
    expect((await claims(home)).scope).toBe("https://www.googleapis.com/auth/devstorage.read_write");
    expect((await claims(home, "127.0.0.1:5000")).scope).toBe("https://www.googleapis.com/auth/devstorage.read_only");
    await run(home, ["set", "--host=localhost:5000", "scopes", "cloud-platform"]);
    expect((await claims(home)).scope).toBe("https://www.googleapis.com/auth/cloud-platform");
    await run(home, ["set", "audience", "https://elsewhere.example/token"]);
    expect((await claims(home)).aud).toBe("https://elsewhere.example/token");
  });

  test("configure-docker --push says it for the hosts that it configures", async () => {
    using home = new Home();
    await home.activate();
    const argv = ["auth", "configure-docker", "--push", "localhost:5000"];
    const { stderr } = await home.waybill(argv);
    expect(stderr).toContain("localhost:5000 may be pushed to\n");
    expect((await claims(home)).scope).toBe("https://www.googleapis.com/auth/devstorage.read_write");
    expect((await home.waybill(argv)).stderr).toContain("Nothing to change");
  });

  test("accounts, for the host that they are said for", async () => {
    using home = new Home();
    const other = "other@my-project.iam.waybill.internal";
    await home.activate({ client_email: other, token_uri: "http://localhost:7000/token" });
    await home.activate();
    await run(home, ["set", "--host=localhost:5000", "account", other]);
    expect((await claims(home)).iss).toBe(other);
    expect((await claims(home, "127.0.0.1:5000")).iss).not.toBe(other);
  });

  test("docker-credential-waybill config is the same command", async () => {
    using home = new Home();
    const outcome = await home.helper(["config", "set", "push", "true"]);
    expect(outcome.exitCode).toBe(0);
    expect((await home.helper(["config", "get", "push"])).stdout).toBe("true\n");
  });
});
