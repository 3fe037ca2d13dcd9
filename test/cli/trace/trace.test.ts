// Recordings of a client that does what docker does, with a real server, by both ways; and their replay.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { Trace } from "../../../src/cli/trace/exchange.ts";
import { Home, type Outcome } from "../../helper/home.ts";
import { type AdministeredServer, startAdministeredServer } from "../administered-server.ts";
import { secretsIn } from "../doctor/report.ts";

const email = "robot@demo.iam.waybill.internal";
const main = new URL("../../../src/main.ts", import.meta.url).pathname;

/** Asks the configured helper, changes what it says for a token, and pulls a manifest: exits with the status / 100. */
const client = `
const [image] = process.argv.slice(2);
const [host, ...path] = image.split("/");
const [name, tag] = path.join("/").split(":");
const { credHelpers = {} } = await Bun.file(process.env.DOCKER_CONFIG + "/config.json").json();
const helper = Bun.spawn(["docker-credential-" + credHelpers[host], "get"], { stdin: Buffer.from(host) });
const { Username, Secret } = await helper.stdout.json();
const challenge = (await fetch("http://" + host + "/v2/")).headers.get("www-authenticate");
const realm = /realm="([^"]+)"/.exec(challenge)[1];
const authorization = "Basic " + btoa(Username + ":" + Secret);
const { token } = await (await fetch(realm + "?service=x&scope=repository:" + name + ":pull", { headers: { authorization } })).json();
const answer = await fetch("http://" + host + "/v2/" + name + "/manifests/" + tag, { headers: { authorization: "Bearer " + token } });
console.log("pulled", answer.status, (await answer.bytes()).length);
process.exit(Math.floor(answer.status / 100));
`;

/** Pushes an image of one small layer: each blob by POST, PATCH and PUT. */
const pusher = `
import { createHash } from "node:crypto";
const [image] = process.argv.slice(2);
const [host, ...path] = image.split("/");
const [name, tag] = path.join("/").split(":");
const { credHelpers = {} } = await Bun.file(process.env.DOCKER_CONFIG + "/config.json").json();
const helper = Bun.spawn(["docker-credential-" + credHelpers[host], "get"], { stdin: Buffer.from(host) });
const { Username, Secret } = await helper.stdout.json();
const basic = { authorization: "Basic " + btoa(Username + ":" + Secret) };
const scope = "repository:" + name + ":pull,push";
const { token } = await (await fetch("http://" + host + "/v2/token?service=x&scope=" + scope, { headers: basic })).json();
const headers = { authorization: "Bearer " + token };
const send = (url, init) => fetch(new URL(url, "http://" + host), { ...init, headers: { ...headers, ...init.headers } });
const digestOf = (text) => "sha256:" + createHash("sha256").update(text).digest("hex");
const statuses = [];
async function blob(text) {
  const opened = await send("/v2/" + name + "/blobs/uploads/", { method: "POST" });
  const patched = await send(opened.headers.get("location"), { method: "PATCH", body: text });
  const end = new URL(patched.headers.get("location"), "http://" + host);
  end.searchParams.set("digest", digestOf(text));
  statuses.push((await send(end.href, { method: "PUT" })).status);
  return { digest: digestOf(text), size: text.length };
}
const mediaType = "application/vnd.oci.image.manifest.v1+json";
const config = { mediaType: "application/vnd.oci.image.config.v1+json", ...(await blob('{"architecture":"amd64"}')) };
const layers = [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...(await blob("layer".repeat(100))) }];
const body = JSON.stringify({ schemaVersion: 2, mediaType, config, layers });
const put = await send("/v2/" + name + "/manifests/" + tag, { method: "PUT", body, headers: { "content-type": mediaType } });
console.log([...statuses, put.status].join(" "));
`;

let server: AdministeredServer;
let host: string;
let home: Home;

beforeAll(async () => {
  server = await startAdministeredServer();
  host = new URL(server.origin).host;
  await server.waybill(["projects", "create", "demo"]);
  await server.waybill(["iam", "service-accounts", "create", "robot", "--project=demo"]);
  const file = server.home.path("robot.json");
  await server.waybill(["iam", "service-accounts", "keys", "create", file, `--iam-account=${email}`]);
  const binding = [`--member=serviceAccount:${email}`, "--role=roles/storage.objectAdmin"];
  await server.waybill(["projects", "add-iam-policy-binding", "demo", ...binding]);
  home = new Home();
  home.env.DOCKER_CONFIG = home.path(".docker");
  home.env.PATH = `${home.path("bin")}:/usr/bin:/bin`;
  home.program("docker-credential-waybill", `exec '${process.execPath}' '${main}' docker-credential-waybill "$@"`);
  home.program("pusher", `exec '${process.execPath}' '${home.write("pusher.ts", pusher)}' "$@"`);
  home.program("client", `exec '${process.execPath}' '${home.write("client.ts", client)}' "$@"`);
  await home.waybill(["auth", "activate-service-account", "--push", `--key-file=${file}`]);
  await home.waybill(["auth", "configure-docker", "--quiet"]);
}, 60_000);
afterAll(async () => {
  home[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const trace = (...argv: string[]): Promise<Outcome> => home.waybill(["trace", ...argv]);
const told = ({ exchanges }: Trace) =>
  exchanges.map(({ method, url, status }) => `${method} ${new URL(url).pathname} ${status}`);

async function recorded(...argv: string[]): Promise<{ outcome: Outcome; trace: Trace }> {
  const outcome = await trace("--format=json", "--", ...argv);
  expect(secretsIn(outcome.stdout + outcome.stderr)).toEqual([]);
  return { outcome, trace: JSON.parse(outcome.stdout) };
}

describe("waybill trace", () => {
  test("records the whole conversation under the registry's own name, and hands the exit code on", async () => {
    const { outcome, trace } = await recorded("client", `${host}/demo/app:1`);
    expect(outcome.exitCode).toBe(4);
    expect(outcome.stderr).toContain("pulled 404");
    expect(trace).toMatchObject({ format: "waybill-trace/1", command: ["client", `${host}/demo/app:1`] });
    expect(told(trace)).toEqual(["GET /v2/ 401", "GET /v2/token 200", "GET /v2/demo/app/manifests/1 404"]);
    for (const { url } of trace.exchanges) expect(url).toStartWith(server.origin);
    const [ping, token, manifest] = trace.exchanges;
    expect(ping?.responseHeaders["www-authenticate"]).toContain(`realm="${server.origin}/v2/token"`);
    expect(token?.requestHeaders.authorization).toBe("Basic _token:[redacted]");
    expect(manifest?.requestHeaders.authorization).toBe("Bearer [redacted]");
    expect(manifest?.error).toContain("there is no repository demo/app");
  });

  test("shows a table for a person on standard error, and leaves standard output to the command", async () => {
    const { exitCode, stdout, stderr } = await trace("--", "client", `${host}/demo/app:1`);
    expect(exitCode).toBe(4);
    expect(stdout).toMatch(/^pulled 404 \d+\n$/);
    expect(stderr).toMatch(/METHOD +URL +STATUS +SENT +RECEIVED +TOOK +AUTHORIZATION\n/);
    expect(stderr).toContain("there is no repository demo/app");
    expect(secretsIn(stdout + stderr)).toEqual([]);
  });

  test("leaves nothing behind but the file that was asked for, which only its owner can read", async () => {
    const leftovers = () => readdirSync(home.env.TMPDIR ?? "").filter((name) => name.startsWith("waybill-trace-"));
    const before = leftovers();
    await trace(`--output=${home.path("recording.json")}`, "--", "client", `${host}/demo/app:1`);
    expect(leftovers()).toEqual(before);
    expect(home.mode("recording.json")).toBe("600");
    expect(JSON.parse(home.read(".docker/config.json")).credHelpers).toContainKey(host);
  });

  test("by a proxy, sees inside TLS with an authority that only the command trusts", async () => {
    using origin = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => new Response(`asked for ${request.url}`, { headers: { "set-cookie": "session=hush" } }),
    });
    // The proxy asks in clear what the client asked inside TLS of a name that leads nowhere else.
    home.program(
      "fetcher",
      `exec '${process.execPath}' -e 'const r = await fetch(process.argv[1]); console.log(r.status)' "$1"`,
    );
    const url = `http://127.0.0.1:${origin.port}/v2/?access_token=hush`;
    const plain = await trace("--way=proxy", "--format=json", "--", "fetcher", url);
    expect(secretsIn(plain.stdout)).toEqual([]);
    const { exchanges } = JSON.parse(plain.stdout) as Trace;
    expect(exchanges).toMatchObject([{ status: 200, responseHeaders: { "set-cookie": "[redacted]" } }]);
    const tls = await trace("--way=proxy", "--format=json", "--", "fetcher", "https://registry.invalid/v2/");
    expect(tls.stderr).toBe("502\n");
    expect((JSON.parse(tls.stdout) as Trace).exchanges).toMatchObject([
      { method: "GET", url: "https://registry.invalid/v2/", status: 0, error: expect.stringContaining("ENOTFOUND") },
    ]);
  });

  const refused: [string[], number, RegExp][] = [
    [["--", "docker"], 1, /docker is not on PATH|no argument of the command names a registry/],
    [["--", "client", "library/nginx"], 0, /./],
    [["--", "absent-program", "gcr.io/a/b"], 1, /absent-program is not on PATH/],
    [["client", "gcr.io/a/b"], 2, /the command stands after --/],
    [["--"], 2, /COMMAND is missing/],
    [["--way=wire", "--", "client", "x"], 2, /--way cannot be "wire"/],
    [["--server=http://localhost:1", "--", "client", "gcr.io/a/b"], 2, /--server is for replay/],
    [["replay"], 2, /replay takes one FILE/],
    [["replay", "x"], 2, /--server is missing/],
    [["replay", "x", "--server=http://localhost:1", "--bodies"], 2, /--bodies is for recording/],
    [["--writes", "--", "client", "gcr.io/a/b"], 2, /--writes is for replay/],
    [["replay", "/nonexistent", "--server=localhost:1"], 1, /cannot be read/],
  ];
  for (const [argv, exitCode, message] of refused)
    test(`trace ${argv.join(" ")}`, async () => {
      const outcome = await trace(...argv);
      if (exitCode !== 0) expect(outcome.exitCode).toBe(exitCode);
      expect(outcome.stderr).toMatch(message);
    });
});

describe("waybill trace replay", () => {
  test("finds the same answers at the same server, and says what differs at another", async () => {
    await trace(`--output=${home.path("recording.json")}`, "--", "client", `${host}/demo/app:1`);
    const same = await trace("replay", home.path("recording.json"), `--server=${server.origin}`);
    expect({ exitCode: same.exitCode, stderr: same.stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(same.stdout.split("\n").filter((line) => line.startsWith("✓"))).toHaveLength(3);
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("?", { status: 418 }) });
    const argv = ["replay", home.path("recording.json"), `--server=http://127.0.0.1:${other.port}`, "--format=json"];
    const differs = await trace(...argv);
    expect(differs.exitCode).toBe(1);
    const [ping, token] = JSON.parse(differs.stdout);
    expect(ping.differences).toEqual(["status 418, was 401", "challenge none, was bearer"]);
    expect(token.skipped).toContain("no credentials");
  });

  test("makes no request again that would change something", async () => {
    const asked: string[] = [];
    using registry = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        asked.push(request.method);
        return new Response("");
      },
    });
    const exchange = { url: "http://a.test/v2/p/blobs/uploads/", status: 202, requestHeaders: {}, responseHeaders: {} };
    const exchanges = ["POST", "PUT", "PATCH", "DELETE"].map((method) => ({ ...exchange, method }));
    const file = home.write("push.json", JSON.stringify({ format: "waybill-trace/1", command: [], exchanges }));
    const { stdout, exitCode } = await trace("replay", file, `--server=http://127.0.0.1:${registry.port}`);
    expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: [] });
    expect(stdout.match(/not replayed/g)).toHaveLength(4);
  });

  test("pushes again what was recorded with its parts, where somebody says so, and nowhere else", async () => {
    const file = home.path("push.json");
    const pushed = await trace("--bodies", `--output=${file}`, "--", "pusher", `${host}/demo/pushed:1`);
    expect(pushed.stdout, pushed.stderr).toBe("201 201 201\n");
    const { exchanges } = JSON.parse(home.read("push.json")) as Trace;
    expect(secretsIn(JSON.stringify(exchanges.map(({ requestBody: _, ...rest }) => rest)))).toEqual([]);
    expect(exchanges.filter(({ requestBody }) => requestBody !== undefined)).toHaveLength(3);
    expect(home.mode("push.json")).toBe("600");

    await using other = await startAdministeredServer();
    await other.waybill(["projects", "create", "demo"]);
    const key = other.home.path("admin.json");
    const activate = ["auth", "activate-service-account", "--push", `--key-file=${key}`];
    using visitor = new Home();
    expect((await visitor.waybill(activate)).exitCode).toBe(0);
    const replay = (...flags: string[]) =>
      visitor.waybill(["trace", "replay", file, `--server=${other.origin}`, ...flags]);
    const careful = await replay();
    expect(careful.stdout.match(/it pushes something: --writes makes it again/g)).toHaveLength(7);
    const bold = await replay("--writes");
    expect(bold.stdout).not.toMatch(/not replayed/);
    expect({ exitCode: bold.exitCode, stderr: bold.stderr }).toEqual({ exitCode: 0, stderr: "" });
    const listed = await visitor.waybill([
      "container",
      "images",
      "list-tags",
      `${new URL(other.origin).host}/demo/pushed`,
    ]);
    expect(listed.stdout).toContain("1");
  }, 60_000);

  test("does not push what was recorded without its parts", async () => {
    const file = home.path("bare.json");
    await trace(`--output=${file}`, "--", "pusher", `${host}/demo/bare:1`);
    expect(home.read("bare.json")).not.toContain("requestBody");
    const { stdout, stderr } = await trace("replay", file, `--server=${server.origin}`, "--writes");
    expect(stdout.match(/what it sent was not recorded/g), stdout + stderr).toHaveLength(3);
  });

  for (const text of [
    "{",
    "[]",
    "null",
    '{"format":"waybill-trace/1"}',
    '{"format":"x","exchanges":[]}',
    '{"format":"waybill-trace/1","exchanges":[{"method":"GET","url":"x"}]}',
    '{"format":"waybill-trace/1","exchanges":[{"method":"PUT","url":"http://a.test/","status":1,"requestHeaders":{},"responseHeaders":{},"requestBody":1}]}',
  ])
    test(`refuses ${text}`, async () => {
      const { exitCode, stderr } = await trace("replay", home.write("bad.json", text), `--server=${server.origin}`);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/is not a recording|cannot be read/);
    });
});
