// Doctor against a real server and set-ups that are really broken, each as users break them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runCli } from "../../../src/cli/run.ts";
import { ThrowAwayAuthority } from "../../../src/cli/trace/authority.ts";
import { Home } from "../../helper/home.ts";
import { type AdministeredServer, startAdministeredServer } from "../administered-server.ts";
import { context } from "../context.ts";
import { type Report, reportOf, secretsIn } from "./report.ts";

const project = "demo";
const email = "robot@demo.iam.waybill.internal";
const main = new URL("../../../src/main.ts", import.meta.url).pathname;

let server: AdministeredServer;
let host: string;
let keyText: string;
let keyId: string;

beforeAll(async () => {
  server = await startAdministeredServer();
  host = new URL(server.origin).host;
  await administer("projects", "create", project);
  await administer("iam", "service-accounts", "create", "robot", `--project=${project}`);
  const file = server.home.path("robot.json");
  await administer("iam", "service-accounts", "keys", "create", file, `--iam-account=${email}`);
  keyText = await Bun.file(file).text();
  keyId = JSON.parse(keyText).private_key_id;
  const binding = [`--member=serviceAccount:${email}`, "--role=roles/storage.objectAdmin"];
  await administer("projects", "add-iam-policy-binding", project, ...binding);
  await pushManifest("app", "1");
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

async function administer(...argv: string[]): Promise<void> {
  const { exitCode, stderr } = await server.waybill(argv);
  if (exitCode !== 0) throw new Error(stderr);
}

async function pushManifest(image: string, tag: string): Promise<void> {
  const config = "{}";
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(config).digest("hex")}`;
  const headers = { authorization: `Basic ${btoa(`_json_key:${keyText}`)}` };
  const base = `${server.origin}/v2/${project}/${image}`;
  await fetch(`${base}/blobs/uploads/?digest=${digest}`, { method: "POST", headers, body: config });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const descriptor = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: config.length };
  const body = JSON.stringify({ schemaVersion: 2, mediaType, config: descriptor, layers: [] });
  const put = { method: "PUT", headers: { ...headers, "content-type": mediaType }, body };
  expect((await fetch(`${base}/manifests/${tag}`, put)).status).toBe(201);
}

/** A home in which all is well: the account activated, docker configured, the helper on PATH. */
async function wellHome(): Promise<Home> {
  const home = new Home();
  home.program("docker-credential-waybill", `exec '${process.execPath}' '${main}' docker-credential-waybill "$@"`);
  await home.run([process.execPath, main, "auth", "activate-service-account", "--key-file=-", "--push"], {
    input: keyText,
  });
  await home.waybill(["auth", "configure-docker", "--quiet", host]);
  return home;
}

async function doctor(home: Home, argv: string[] = [], env: Record<string, string> = {}): Promise<Report> {
  const image = argv.some((word) => !word.startsWith("-")) ? [] : [`${host}/${project}/app:1`];
  const outcome = await home.waybill(["doctor", "--format=json", ...argv, ...image], { env });
  expect(secretsIn(outcome.stdout + outcome.stderr)).toEqual([]);
  return reportOf(outcome);
}

const configOf = (home: Home) => JSON.parse(home.read(".docker/config.json"));
const loginOf = (username: string, password: string) => ({ auth: btoa(`${username}:${password}`) });

describe("waybill doctor, where all is well", () => {
  test("ticks every link and exits 0", async () => {
    using home = await wellHome();
    const { exitCode, healthy, statuses, link } = await doctor(home, ["--push"]);
    expect({ exitCode, healthy }).toEqual({ exitCode: 0, healthy: true });
    expect(new Set(Object.values(statuses))).toEqual(new Set(["ok"]));
    const names = ["docker config", "helper", "answer", "source", "identity", "scopes", "lifetime", "proxy"];
    const network = ["authorities", "name", "connection", "clock", "challenge", "token", "pull", "push"];
    expect(Object.keys(statuses)).toEqual([...names, ...network]);
    expect(link("identity").found).toContain(email);
    expect(link("pull").found).toMatch(/^1 is sha256:[0-9a-f]{64}$/);
  });

  test("leaves no upload behind", async () => {
    using home = await wellHome();
    const before = await Bun.$`find ${server.home.path("data")} -path '*upload*' -type f`.text();
    await doctor(home, ["--push"]);
    expect(await Bun.$`find ${server.home.path("data")} -path '*upload*' -type f`.text()).toBe(before);
  });

  test("prints for a person: a tick a link, and a last line that says so", async () => {
    using home = await wellHome();
    const { exitCode, stdout, stderr } = await home.waybill(["doctor", `${host}/${project}/app:1`]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toStartWith(`${host}/${project}/app:1\n\n  ✓ docker config  `);
    expect(stdout).toEndWith("\n\nAll is well.\n");
    expect(secretsIn(stdout)).toEqual([]);
  });

  test("takes a registry alone", async () => {
    using home = await wellHome();
    const { exitCode, statuses } = await doctor(home, [host]);
    expect({ exitCode, login: statuses.login }).toEqual({ exitCode: 0, login: "ok" });
  });

  test("says what is not there, and does not call it forbidden", async () => {
    using home = await wellHome();
    const { exitCode, link } = await doctor(home, [`${host}/${project}/app:2`]);
    expect(exitCode).toBe(1);
    expect(link("pull").found).toStartWith("404: ");
  });
});

describe("waybill doctor names the broken link", () => {
  test("when the helper is not on PATH", async () => {
    using home = await wellHome();
    await Bun.file(home.path("bin/docker-credential-waybill")).delete();
    const { exitCode, broken, link } = await doctor(home);
    expect(exitCode).toBe(1);
    expect(broken[0]).toBe("helper");
    expect(link("helper").found).toContain("docker-credential-waybill is not on PATH");
    expect(link("helper").mend).toContain("ln -s");
  });

  test("when the configuration has a key that docker ignores, and --fix rewrites it", async () => {
    using home = await wellHome();
    for (const key of [`https://${host}`, `${host}/v2/`]) {
      home.write(".docker/config.json", JSON.stringify({ keep: 1, credHelpers: { [key]: "waybill", "a.test": "x" } }));
      const { broken, link } = await doctor(home);
      expect(broken[0]).toBe("spelling");
      expect(link("spelling").found).toContain(JSON.stringify(key));
      expect((await doctor(home, ["--fix"])).exitCode).toBe(0);
      expect(configOf(home)).toEqual({ keep: 1, credHelpers: { "a.test": "x", [host]: "waybill" } });
    }
  });

  test("when only the machine's other name is configured", async () => {
    using home = await wellHome();
    home.write(".docker/config.json", JSON.stringify({ credHelpers: { [host]: "waybill" } }));
    const other = `localhost:${host.split(":")[1]}`;
    const { link, broken } = await doctor(home, [`${other}/${project}/app:1`]);
    expect(broken[0]).toBe("docker config");
    expect(link("docker config").found).toContain(`though it has one for ${host}`);
    expect((await doctor(home, ["--fix", `${other}/${project}/app:1`])).exitCode).toBe(0);
  });

  test("when nothing is configured", async () => {
    using home = new Home();
    const { exitCode, statuses, link } = await doctor(home);
    expect(exitCode).toBe(1);
    expect(statuses["docker config"]).toBe("warning");
    expect(link("pull").mend).toContain(`waybill auth configure-docker ${host}`);
  });

  test("when docker's file is not JSON, and leaves it alone", async () => {
    using home = await wellHome();
    home.write(".docker/config.json", '{"auths":{"x":{"auth":"aHVzaA=="},}');
    const { broken, exitCode } = await doctor(home, ["--fix"]);
    expect({ exitCode, first: broken[0] }).toEqual({ exitCode: 1, first: "docker config" });
    expect(home.read(".docker/config.json")).toEndWith(",}");
  });

  test("when the account was revoked: the helper has no identity", async () => {
    using home = await wellHome();
    await home.waybill(["auth", "revoke"]);
    const { broken, link } = await doctor(home);
    expect(broken.slice(0, 2)).toEqual(["answer", "source"]);
    expect(link("answer").found).toContain("has no identity");
  });

  test("when the key file is damaged: the helper's own words", async () => {
    using home = await wellHome();
    home.write(`.config/waybill/accounts/${email}.json`, "{}");
    const { broken, link } = await doctor(home);
    expect(broken.slice(0, 2)).toEqual(["answer", "source"]);
    expect(link("answer").found).toContain("is not a service account's key");
  });

  test("when the key is disabled", async () => {
    using home = await wellHome();
    await administer("iam", "service-accounts", "keys", "disable", keyId, `--iam-account=${email}`);
    try {
      const { broken, link } = await doctor(home);
      expect(broken).toEqual(["token"]);
      expect(link("token").found).toContain("disabled");
      expect(link("token").mend).toContain(`keys list --iam-account=${email}`);
    } finally {
      await administer("iam", "service-accounts", "keys", "enable", keyId, `--iam-account=${email}`);
    }
  });

  test("when there is no permission, with the command that grants it", async () => {
    using home = await wellHome();
    await administer("projects", "create", "other");
    const { broken, link } = await doctor(home, [`${host}/other/app:1`]);
    expect(broken).toEqual(["pull"]);
    expect(link("pull").found).toStartWith("403: ");
    expect(link("pull").mend).toContain(`add-iam-policy-binding other --member=serviceAccount:${email}`);
  });

  test("when the token's scope is read-only and somebody pushes", async () => {
    using home = await wellHome();
    const token = await home.waybill(["auth", "print-access-token", "--scopes=devstorage.read_only"]);
    const auths = { [host]: loginOf("oauth2accesstoken", token.stdout.trim()) };
    home.write(".docker/config.json", JSON.stringify({ auths }));
    expect((await doctor(home)).exitCode).toBe(0);
    const { broken, link } = await doctor(home, ["--push"]);
    expect(broken).toContain("push");
    expect(link("push").mend).toContain("devstorage.read_write");
  });

  test("when the helper was set up for pulling, and somebody pushes", async () => {
    using home = await wellHome();
    await home.run([process.execPath, main, "auth", "revoke"]);
    await home.run([process.execPath, main, "auth", "activate-service-account", "--key-file=-"], { input: keyText });
    expect((await doctor(home)).exitCode).toBe(0);
    const { broken, link } = await doctor(home, ["--push"]);
    expect(broken).toEqual(["scopes", "push"]);
    expect(link("scopes").found).toBe("devstorage.read_only (pull): it cannot push");
  });

  test("when a token in docker's file has expired", async () => {
    using home = await wellHome();
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const expired = { iss: email, exp: Math.floor(Date.now() / 1000) - 7000, scope: "devstorage.read_only" };
    const token = `${encode({ alg: "RS256" })}.${encode(expired)}.c2ln`;
    home.write(".docker/config.json", JSON.stringify({ auths: { [host]: loginOf("oauth2accesstoken", token) } }));
    const { broken, link } = await doctor(home);
    expect(broken).toEqual(["lifetime", "token"]);
    expect(link("lifetime").found).toBe("it expired 117 minutes ago");
  });

  test("when this machine's clock is wrong", async () => {
    using home = await wellHome();
    for (const [minutes, words] of [
      [-20, "20 minutes behind"],
      [20, "20 minutes ahead of"],
    ] as const) {
      const { it, said } = context({ env: home.env, fetch });
      it.now = () => Date.now() + minutes * 60_000;
      expect(await runCli(["doctor", "--format=json", `${host}/${project}/app:1`], it)).toBe(1);
      const { link } = reportOf({ exitCode: 1, ...said });
      expect(link("clock").status).toBe("broken");
      expect(link("clock").found).toContain(words);
    }
  });

  test("when nobody listens, and when the name has no address", async () => {
    using home = await wellHome();
    expect((await doctor(home, ["127.0.0.1:1/a/b"])).broken).toEqual(["connection"]);
    expect((await doctor(home, ["registry.invalid/a/b"])).broken).toEqual(["name"]);
  });

  test("when the proxy is wrong, without its password", async () => {
    using home = await wellHome();
    const env = { HTTPS_PROXY: "http://me:hush@127.0.0.1:1" };
    const { broken, link } = await doctor(home, ["gcr.io/a/b"], env);
    expect(broken).toEqual(["connection"]);
    expect(link("connection").found).toContain("HTTPS_PROXY=http://[credentials]@127.0.0.1:1");
    expect(link("connection").mend).toContain("NO_PROXY=gcr.io");
    expect(JSON.stringify(link("proxy"))).not.toContain("hush");
    expect((await doctor(home, [`${host}/${project}/app:1`], env)).exitCode).toBe(0);
  });

  test("when the certificate is from an authority that is not trusted here, and is well once it is", async () => {
    using home = await wellHome();
    const authority = new ThrowAwayAuthority(Date.now());
    const { certificate, privateKey } = authority.issue("localhost");
    const [cert, key] = [home.write("server.pem", certificate), home.write("server.key", privateKey)];
    await using tls = await startAdministeredServer(["--tls-cert", cert, "--tls-key", key]);
    const other = `localhost:${new URL(tls.origin).port}`;
    const { broken, link } = await doctor(home, [other]);
    expect(broken).toEqual(["connection"]);
    expect(link("connection").found).toContain("the certificate is from an unknown authority");
    expect(link("connection").mend).toContain(`/etc/docker/certs.d/${other}/ca.crt`);
    const trusted = await doctor(home, [other], { NODE_EXTRA_CA_CERTS: home.write("ca.pem", authority.certificate) });
    expect(trusted.statuses.connection).toBe("ok");
  });

  test("when a variable names authorities that are not there", async () => {
    using home = await wellHome();
    const { broken } = await doctor(home, [], { NODE_EXTRA_CA_CERTS: home.path("absent.pem") });
    expect(broken).toContain("authorities");
  });

  test("when something else answers than a registry", async () => {
    using home = await wellHome();
    using portal = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.redirect("http://a.test/login") });
    const { broken, link } = await doctor(home, [`127.0.0.1:${portal.port}/a/b`]);
    expect(broken).toEqual(["challenge"]);
    expect(link("challenge").found).toContain("302 to http://a.test/login");
  });
});

describe("waybill doctor sends no credentials astray", () => {
  test("to a realm at another host", async () => {
    using home = await wellHome();
    const seen: string[] = [];
    const listen = (answer: (request: Request) => Response) =>
      Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => answer(request) });
    using elsewhere = listen((request) => {
      seen.push(request.headers.get("authorization") ?? "none");
      return Response.json({});
    });
    const challenge = `Bearer realm="http://127.0.0.1:${elsewhere.port}/token",service="x"`;
    using registry = listen(() => new Response("", { status: 401, headers: { "www-authenticate": challenge } }));
    const other = `127.0.0.1:${registry.port}`;
    const auths = { [other]: loginOf("me", "hush-hush") };
    home.write(".docker/config.json", JSON.stringify({ auths }));
    const { statuses } = await doctor(home, [`${other}/a/b`]);
    expect(statuses.token).toBe("warning");
    expect(seen).toEqual([]);
  });
});

describe("waybill doctor --fix", () => {
  test("moves a JSON key out of docker's file and lets docker ask the helper", async () => {
    using home = await wellHome();
    await home.waybill(["auth", "revoke"]);
    const auths = { [host]: loginOf("_json_key", keyText), "a.test": loginOf("me", "x") };
    home.write(".docker/config.json", JSON.stringify({ auths, keep: true }, undefined, 4));
    const before = await doctor(home);
    expect(before.statuses["docker config"]).toBe("warning");
    expect(before.link("docker config").found).toContain("a key that does not expire");
    const { exitCode, stderr, statuses } = await doctor(home, ["--fix", "--push"]);
    expect(stderr).toContain("doctor will keep the JSON key");
    expect({ exitCode, push: statuses.push }).toEqual({ exitCode: 0, push: "ok" });
    expect(configOf(home)).toEqual({
      auths: { "a.test": loginOf("me", "x") },
      keep: true,
      credHelpers: { [host]: "waybill" },
    });
    expect(home.read(".docker/config.json")).not.toContain(loginOf("_json_key", keyText).auth);
    expect(home.mode(`.config/waybill/accounts/${email}.json`)).toBe("600");
  });

  test("takes a forgotten password out of docker's and podman's files", async () => {
    using home = await wellHome();
    const auths = { [host]: loginOf("me", "old") };
    home.write(".docker/config.json", JSON.stringify({ auths, credHelpers: { [host]: "waybill" } }));
    const podman = { XDG_RUNTIME_DIR: home.path("run") };
    home.write("run/containers/auth.json", JSON.stringify({ auths: { ...auths, "b.test": loginOf("b", "b") } }));
    const { exitCode, statuses } = await doctor(home, [], podman);
    expect(exitCode).toBe(0);
    expect(statuses).toMatchObject({ "stale entry": "warning", "podman config": "warning" });
    const fixed = await doctor(home, ["--fix"], podman);
    expect(new Set(Object.values(fixed.statuses))).toEqual(new Set(["ok"]));
    expect(JSON.parse(home.read("run/containers/auth.json"))).toEqual({ auths: { "b.test": loginOf("b", "b") } });
  });

  test("changes nothing where nothing is broken, or nobody consents", async () => {
    using home = await wellHome();
    const { stderr } = await doctor(home, ["--fix"]);
    expect(stderr).toBe("There is nothing that doctor can mend by itself.\n");
    const config = JSON.stringify({ credHelpers: { [`https://${host}`]: "waybill" } });
    home.write(".docker/config.json", config);
    const { it, said } = context({ env: home.env, fetch, interactive: true, stdin: "n\n" });
    expect(await runCli(["doctor", "--fix", `${host}/${project}/app:1`], it)).toBe(1);
    expect(said.stderr).toContain("nothing was changed");
    expect(home.read(".docker/config.json")).toBe(config);
  });
});

describe("waybill doctor's command line", () => {
  for (const image of ["", "nginx", "library/nginx", "gcr.io/Upper/x", "gcr.io/", "gcr.io/a b", "-/x"])
    test(`refuses ${JSON.stringify(image)} with 2`, async () => {
      const { it } = context({ env: { HOME: "/nonexistent" } });
      expect(await runCli(["doctor", "--", image], it)).toBe(2);
    });
});
