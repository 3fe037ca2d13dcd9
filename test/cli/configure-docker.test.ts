import { describe, expect, test } from "bun:test";
import { runCli } from "../../src/cli/run.ts";
import type { RegistryHost } from "../../src/sources/registry-host.ts";
import { readSettings } from "../../src/sources/settings.ts";
import { email, Home, keyFields } from "../helper/home.ts";
import { context } from "./context.ts";

const path = ".docker/config.json";

async function activated(): Promise<Home> {
  const home = new Home();
  await run(home, ["activate-service-account", `--key-file=${home.write("key.json", JSON.stringify(keyFields()))}`]);
  return equipped(home);
}

/** PATH has what docker needs. */
function equipped(home: Home): Home {
  home.program("docker-credential-waybill", "");
  home.program("docker", "echo Docker version 28.2.2, build 1");
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

  test("with hosts configures those, and the helper answers for them with the active account", async () => {
    using home = await activated();
    const hosts = "r.example.com, https://R2.example.com/,r.example.com";
    expect((await run(home, ["configure-docker", hosts])).exitCode).toBe(0);
    expect(JSON.parse(home.read(path))).toEqual({
      credHelpers: { "r.example.com": "waybill", "r2.example.com": "waybill" },
    });
    expect(Object.fromEntries(readSettings(home.env).registries)).toMatchObject({
      "r.example.com": email,
      "r2.example.com": email,
    });
  });

  test("leaves Google's hosts to Google's credentials, unless the account is one of theirs", async () => {
    using home = await activated();
    await run(home, ["configure-docker", "gcr.io"]);
    expect(readSettings(home.env).registries.has("gcr.io" as RegistryHost)).toBe(false);
    const key = home.write("google.json", JSON.stringify(keyFields({ token_uri: "https://gcr.io/token" })));
    await run(home, ["activate-service-account", `--key-file=${key}`]);
    await run(home, ["configure-docker", "europe-docker.pkg.dev"]);
    expect(readSettings(home.env).registries.get("europe-docker.pkg.dev" as RegistryHost)).toBe(email);
  });

  test("without an account configures what gcloud configures", async () => {
    using home = equipped(new Home());
    expect((await run(home, ["configure-docker"])).exitCode).toBe(0);
    const hosts = ["gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io", "staging-k8s.gcr.io", "marketplace.gcr.io"];
    expect(Object.keys(JSON.parse(home.read(path)).credHelpers)).toEqual(hosts);
    expect(home.has(".config/waybill/settings.json")).toBe(false);
  });

  test("without an account refuses a host that nobody here can be known to", async () => {
    using home = equipped(new Home());
    const { exitCode, stderr } = await run(home, ["configure-docker", "localhost:5000"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("no account is active on this machine, and none is for localhost:5000\nwaybill: hint: ");
    expect(home.has(path)).toBe(false);
  });

  test("with --include-artifact-registry configures every region, and warns that it may be slow", async () => {
    using home = equipped(new Home());
    const { stderr } = await run(home, ["configure-docker", "--include-artifact-registry", "-q"]);
    const { credHelpers } = JSON.parse(home.read(path));
    expect(Object.keys(credHelpers)).toHaveLength(98);
    expect(credHelpers).toMatchObject({ "us-docker.pkg.dev": "waybill", "docker.me-west1.rep.pkg.dev": "waybill" });
    expect(stderr).toContain("`docker build` may ask for all 98 hosts each time");
    await run(home, ["unconfigure-docker"]);
    expect(home.read(path)).not.toContain("waybill");
  });

  test("shows what it replaces, and nothing of the rest of the file", async () => {
    using home = await activated();
    home.write(path, '{"auths":{"gcr.io":{"auth":"c2VjcmV0"}},"credHelpers":{"gcr.io":"gcloud"}}');
    const { stderr } = await run(home, ["configure-docker", "gcr.io"]);
    expect(stderr).toContain('  - credHelpers["gcr.io"] = "gcloud"\n  + credHelpers["gcr.io"] = "waybill"\n');
    expect(stderr).not.toContain("c2VjcmV0");
    expect(home.read(path)).toBe('{"auths":{"gcr.io":{"auth":"c2VjcmV0"}},"credHelpers":{"gcr.io":"waybill"}}');
    expect(stderr).toContain("--remove-logins");
  });

  const removals: [
    what: string,
    flags: string[],
    given: { stdin?: string; interactive?: boolean },
    isRemoved: boolean,
  ][] = [
    ["when asked to", ["--remove-logins", "-q"], {}, true],
    ["when Enter is the answer", [], { stdin: "\n", interactive: true }, true],
    ["not when the answer is k", [], { stdin: "k\n", interactive: true }, false],
    ["not where nobody can be asked", [], {}, false],
    ["not with --quiet", ["-q"], { stdin: "y\n", interactive: true }, false],
  ];
  for (const [what, flags, given, isRemoved] of removals)
    test(`removes a login that an earlier docker login left, however it is spelled, ${what}`, async () => {
      using home = await activated();
      home.write(path, '{"auths":{"https://gcr.io":{"auth":"c2VjcmV0"},"eu.gcr.io":{},"other":{"auth":"eA=="}}}');
      expect((await run(home, ["configure-docker", "gcr.io,eu.gcr.io", ...flags], given)).exitCode).toBe(0);
      const { auths, credHelpers } = JSON.parse(home.read(path));
      expect(Object.keys(auths)).toEqual([...(isRemoved ? [] : ["https://gcr.io"]), "eu.gcr.io", "other"]);
      expect(credHelpers).toEqual({ "gcr.io": "waybill", "eu.gcr.io": "waybill" });
    });

  test("removes no login when the answer is no, and changes nothing else either", async () => {
    using home = await activated();
    const before = '{"auths":{"gcr.io":{"auth":"c2VjcmV0"}}}';
    home.write(path, before);
    const { exitCode } = await run(home, ["configure-docker", "gcr.io"], { stdin: "n\n", interactive: true });
    expect(exitCode).toBe(1);
    expect(home.read(path)).toBe(before);
  });

  for (const [said, isWarned] of [
    ["Docker version 17.12.1-ce, build 7390fc6", true],
    ["Docker version 18.02.0-ce, build fc4de44", true],
    ["Docker version 18.03.0-ce, build 0520e24", false],
    ["Docker version 28.2.2, build e6534b4", false],
    ["podman version 4.3.1", false],
    ["", false],
  ] as const)
    test(`${isWarned ? "warns" : "does not warn"} when docker says ${JSON.stringify(said)}`, async () => {
      using home = await activated();
      home.program("docker", `echo '${said}'`);
      const { stderr } = await run(home, ["configure-docker"]);
      if (isWarned)
        expect(stderr).toContain(`the Docker client here is ${said.split(" ")[2]?.slice(0, -1)}, which asks`);
      else expect(stderr).not.toContain("warning");
    });

  test("warns when docker is not on PATH", async () => {
    using home = await activated();
    await Bun.file(home.path("bin/docker")).delete();
    const { exitCode, stderr } = await run(home, ["configure-docker"]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("waybill: warning: docker is not on PATH");
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
    [["configure-docker", "--for=dockr"], 2, /--for cannot be "dockr"\nwaybill: hint: some of: docker, podman/],
    [["configure-docker", "--for="], 2, /--for cannot be ""/],
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

describe("waybill auth configure-docker --for=podman", () => {
  const auth = ".config/containers/auth.json";
  const registries = ".config/containers/registries.conf.d/waybill.conf";
  const equippedForPodman = async () => {
    const home = await activated();
    home.program("podman", "");
    return home;
  };

  test("writes podman's logins and its list of helpers, and takes them out again", async () => {
    using home = await equippedForPodman();
    home.write(auth, '{ "auths": {} }');
    const { exitCode, stderr } = await run(home, ["configure-docker", "--for=docker,podman", "r.example.com"]);
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain("warning");
    for (const file of [path, auth])
      expect(JSON.parse(home.read(file)).credHelpers).toEqual({ "r.example.com": "waybill" });
    expect(home.read(registries)).toBe('credential-helpers = ["containers-auth.json", "waybill"]\n');
    await run(home, ["configure-docker", "--for=podman", "r.example.com"]);
    await run(home, ["unconfigure-docker", "--for=docker,podman"]);
    expect(home.read(auth)).toBe('{ "auths": {} }');
    expect(home.has(registries)).toBe(false);
    expect(home.read(path)).not.toContain("waybill");
  });

  test("leaves Docker's file alone when it is not for docker", async () => {
    using home = await equippedForPodman();
    await run(home, ["configure-docker", "--for=podman"]);
    expect(home.has(path)).toBe(false);
    expect(home.has(auth)).toBe(true);
  });

  test("writes the files that variables name", async () => {
    using home = await equippedForPodman();
    const env = { REGISTRY_AUTH_FILE: home.path("own.json"), CONTAINERS_REGISTRIES_CONF: home.path("own.conf") };
    const before = '# mine\nunqualified-search-registries = []\n[[registry]]\nlocation = "x"\n';
    home.write("own.conf", before, 0o644);
    await run(home, ["configure-docker", "--for=podman", "r.example.com"], { env });
    expect(home.read("own.conf")).toBe(`credential-helpers = ["containers-auth.json", "waybill"]\n${before}`);
    expect(home.mode("own.conf")).toBe("644");
    await run(home, ["unconfigure-docker", "--for=podman"], { env });
    expect(home.read("own.conf")).toBe(before);
  });

  test("removes the login that podman login has left, in the file that is looked at first", async () => {
    using home = await equippedForPodman();
    const env = { XDG_RUNTIME_DIR: home.path("run") };
    home.write("run/containers/auth.json", '{"auths":{"r.example.com":{"auth":"eA=="}}}');
    const { exitCode } = await run(home, ["configure-docker", "--for=podman", "--remove-logins", "r.example.com"], {
      env,
    });
    expect(exitCode).toBe(0);
    expect(home.read("run/containers/auth.json")).toBe("{}");
    expect(JSON.parse(home.read(auth))).toEqual({ credHelpers: { "r.example.com": "waybill" } });
  });

  test("does not name a helper for every host that is not there: podman would fail for all of them", async () => {
    using home = await equippedForPodman();
    await Bun.file(home.path("bin/docker-credential-waybill")).delete();
    const { stderr } = await run(home, ["configure-docker", "--for=podman"]);
    expect(stderr).toContain("docker-credential-waybill is not on PATH, where podman looks for it");
    expect(home.has(registries)).toBe(false);
  });
});
