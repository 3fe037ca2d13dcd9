// A person signs in at our own server with `waybill auth login`: our client and our server, both as they are shipped, and
// between them a browser that does what the person would.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Browser } from "../http/console/people/browser.ts";
import { CheckClient, type Credentials } from "./check-client.ts";
import { makeImage } from "./image.ts";
import { Sandbox } from "./sandbox.ts";
import { installWaybill, type Server, startServer } from "./waybill.ts";

const limitMilliseconds = 120_000;
const [email, password] = ["ada@example.com", "a long enough password"];
const project = "ada-project";
const accountFile = `home/.config/waybill/accounts/${email}.json`;

let server: Server;
let browser: Browser;
let sandbox: Sandbox;

beforeAll(async () => {
  server = await startServer();
  browser = new Browser({ fetch: (url, init) => fetch(url, { ...init, redirect: "manual" }) }, server.origin);
  const said = await server.administer("setup", `--data=${server.path("data")}`);
  const code = /#(\S+)/.exec(said)?.[1]?.replace(/^code=/, "") ?? "";
  await browser.open("/console/setup");
  await browser.submit("/console/setup", { code, email, password, again: password });
  await server.administer("projects", "create", project);
}, limitMilliseconds);
afterAll(() => server?.[Symbol.asyncDispose]());

beforeEach(async () => {
  sandbox = await Sandbox.create();
  await installWaybill(sandbox);
});
afterEach(() => sandbox[Symbol.asyncDispose]());

/** Runs `waybill auth login`, and does what the person does as soon as `asks` is on the screen. What is typed goes to the command. */
async function login(flags: string[], asks: RegExp, person: (found: string) => Promise<string | undefined>) {
  const command = ["waybill", "auth", "login", "--push", ...flags, server.origin];
  const options = { cwd: sandbox.folder, env: { ...sandbox.env, BROWSER: "true" } } as const;
  const child = Bun.spawn(command, { ...options, stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  let said = "";
  let isAsked = false;
  for await (const chunk of child.stderr) {
    said += Buffer.from(chunk).toString();
    const found = asks.exec(said)?.[1];
    if (isAsked || found === undefined) continue;
    isAsked = true;
    child.stdin.write(`${(await person(found)) ?? ""}\n`);
    child.stdin.end();
  }
  expect(await child.exited, said).toBe(0);
  expect(said).toContain(`Signed in as ${email} for `);
}

const pathOf = (url: string) => url.slice(server.origin.length);
const address = /(http\S+\/authorize\?\S+)\n\n/;

/** Says yes on the page that a program's address leads to; where the browser is sent then. */
async function allow(url: string): Promise<string> {
  await browser.open(pathOf(url));
  expect(browser.page).toContain("the waybill command");
  return (await browser.submit("/authorize", { decision: "allow" })).headers.get("location") ?? "";
}

const withBrowser = () =>
  login([], address, async (url) => {
    expect(await (await fetch(await allow(url))).text()).toContain("You are signed in");
    return undefined;
  });

async function credentials(): Promise<Credentials> {
  const stdout = await sandbox.succeed(["docker-credential-waybill", "get"], { input: server.host });
  const { Username: username, Secret } = JSON.parse(stdout);
  return { username, password: Secret };
}

async function pushAndPull(name: string): Promise<void> {
  const image = makeImage({ largeLayerBytes: 1000 });
  const client = new CheckClient(server.origin, await credentials());
  await client.push(`${project}/${name}`, "1", image);
  expect((await client.pull(`${project}/${name}`, "1")).id).toBe(image.config.digest);
}

const refreshToken = (): string => JSON.parse(readFileSync(sandbox.path(accountFile), "utf8")).refresh_token;
const forgetTokens = () => sandbox.succeed(["rm", "-rf", sandbox.path("home/.cache/waybill/tokens")]);

/** What the server says to a refresh token. */
async function refresh(token: string): Promise<{ status: number; error: string }> {
  const form = { grant_type: "refresh_token", client_id: "waybill", refresh_token: token };
  const answer = await fetch(`${server.origin}/token`, { method: "POST", body: new URLSearchParams(form) });
  return { status: answer.status, error: ((await answer.json()) as { error: string }).error };
}

function signInTest(name: string, run: () => Promise<void>): void {
  test(name, run, limitMilliseconds);
}

signInTest("in a browser of this machine: the person pushes and pulls, and administers as themselves", async () => {
  await withBrowser();
  await pushAndPull("by-browser");
  const projects = JSON.parse(await sandbox.succeed(["waybill", "projects", "list", "--format=json"]));
  expect(projects).toContainEqual(expect.objectContaining({ projectId: project }));
});

signInTest("with a code that is typed in on another machine", async () => {
  await login(["--no-browser"], /\n {2}([A-Z]{4}-[A-Z]{4})\n/, async (code) => {
    await browser.open("/device");
    await browser.submit("/device", { code });
    expect(browser.page).toContain("the waybill command");
    await browser.submit("/device/answer", { decision: "allow" });
    expect(browser.page).toContain("The device is signed in");
    return undefined;
  });
  await pushAndPull("by-code");
});

signInTest("by pasting back the address that a browser elsewhere ended at", async () => {
  await login(["--paste"], address, allow);
  await pushAndPull("by-paste");
});

signInTest("every renewal brings a new refresh token, and the one before is worth nothing", async () => {
  await withBrowser();
  await credentials();
  const before = refreshToken();
  await forgetTokens();
  const first = await credentials();
  await forgetTokens();
  expect((await credentials()).password).not.toBe(first.password);
  expect(refreshToken()).not.toBe(before);
  expect(await refresh(before)).toEqual({ status: 400, error: "invalid_grant" });
});

signInTest("many helpers at once on a cold cache spend one refresh token, and the sign-in lives on", async () => {
  await withBrowser();
  const all = await Promise.all(Array.from({ length: 20 }, credentials));
  expect(new Set(all.map(({ password }) => password)).size).toBe(1);
  await forgetTokens();
  await pushAndPull("after-many");
});

signInTest("logging out ends it at the server too", async () => {
  await withBrowser();
  const held = await credentials();
  const token = refreshToken();
  await sandbox.succeed(["waybill", "auth", "logout"]);
  expect(await refresh(token)).toEqual({ status: 400, error: "invalid_grant" });
  await expect(new CheckClient(server.origin, held).manifest(`${project}/by-browser`, "1")).rejects.toThrow("401");
  expect(await sandbox.fail(["docker-credential-waybill", "get"], { input: server.host })).toBe(
    "credentials not found in native keychain\n",
  );
});

signInTest("what the server ends is told with the command that mends it", async () => {
  await withBrowser();
  const form = { client_id: "waybill", token: refreshToken() };
  await fetch(`${server.origin}/revoke`, { method: "POST", body: new URLSearchParams(form) });
  await forgetTokens();
  const said = await sandbox.fail(["docker-credential-waybill", "get"], { input: server.host });
  expect(said).toContain(`the sign-in of ${email} is no longer valid`);
  expect(said).toContain("waybill: hint: waybill auth login");
});

signInTest(
  "the machines of who signed in get tokens of an account that may be impersonated, and not the person's",
  async () => {
    await server.administer("iam", "service-accounts", "create", "instance", `--project=${project}`);
    const instance = `instance@${project}.iam.waybill.internal`;
    await withBrowser();
    const flags = ["--listen=127.0.0.1:0", `--service-account=${instance}`];
    const { ready } = await sandbox.start("metadata", ["waybill", "metadata-server", ...flags], /^ready: (\S+)$/m);
    const of = `${ready[1]}/computeMetadata/v1/instance/service-accounts/default`;
    const ask = async (path: string) => await fetch(`${of}/${path}`, { headers: { "metadata-flavor": "Google" } });
    const { access_token: token } = (await (await ask("token")).json()) as { access_token: string };
    const headers = { authorization: `Bearer ${token}` };
    const answer = await (await fetch(`${server.origin}/v1/projects/${project}`, { headers })).text();
    expect(answer).toContain(`serviceAccount:${instance}`);
    expect(answer).not.toContain(email);
    expect((await ask("identity?audience=https://run.test")).status).toBe(200);
  },
);
