/** A person signs in with `waybill auth login`, in each of its three ways, and Docker's world pulls and pushes as that person. */
import { afterAll, beforeAll, expect } from "bun:test";
import { chmodSync } from "node:fs";
import { Browser } from "../http/console/people/browser.ts";
import { clientTest } from "./client-test.ts";
import { makeImage } from "./image.ts";
import { skopeo } from "./image-client.ts";
import type { Sandbox } from "./sandbox.ts";
import { mustRefuse } from "./ways.ts";
import { createWorld, PROJECT, type World } from "./world.ts";

const email = "ada@example.com";
const password = "a long enough password";
let world: World;
let browser: Browser;

beforeAll(async () => {
  world = await createWorld({ engine: false });
  const { server } = world;
  const link = new URL(await server.administer("users", "invite", email));
  const binding = [`--member=user:${email}`, "--role=roles/artifactregistry.writer"];
  await server.administer("projects", "add-iam-policy-binding", PROJECT, ...binding);
  const wire = (url: string, init?: RequestInit) => fetch(url, { ...init, redirect: "manual" });
  browser = new Browser({ fetch: wire }, server.origin);
  await browser.open(link.pathname);
  const code = new URLSearchParams(link.hash.slice(1)).get("code") ?? "";
  const answer = await browser.submit("/console/invitation", { code, password, again: password });
  expect(answer.headers.get("location")).toBe("/console/");
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

/** Allows what a page asks for, and answers where the browser is sent. */
async function allow(url: string): Promise<string> {
  const { pathname, search } = new URL(url);
  await browser.open(`${pathname}${search}`);
  const answer = await browser.submit("/authorize", { decision: "allow" });
  return answer.headers.get("location") ?? "";
}

/** Runs `waybill auth login`; `person` is told what it says as it goes, until there is nothing more to do. */
async function login(
  sandbox: Sandbox,
  flags: readonly string[],
  person: (said: string, type: (line: string) => void) => Promise<boolean>,
): Promise<string> {
  const child = Bun.spawn(["waybill", "auth", "login", "--push", ...flags, world.server.origin], {
    cwd: sandbox.folder,
    env: sandbox.env,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  let said = "";
  let isDone = false;
  const type = (line: string) => {
    child.stdin.write(`${line}\n`);
    child.stdin.flush();
  };
  for await (const chunk of child.stderr) {
    said += Buffer.from(chunk).toString();
    if (!isDone) isDone = await person(said, type);
  }
  expect(await child.exited, said).toBe(0);
  expect(said).toContain(`Signed in as ${email} for `);
  return said;
}

async function pushesAndPulls(sandbox: Sandbox, name: string): Promise<void> {
  const { host } = world.server;
  await sandbox.succeed(["waybill", "auth", "configure-docker", "--push", host]);
  const secret = await sandbox.succeed(["docker-credential-waybill", "get"], { input: host });
  expect(JSON.parse(secret).Secret).toStartWith("wba_");
  const image = makeImage({ largeLayerBytes: 1000 });
  const reference = `${host}/${PROJECT}/${name}:1`;
  await skopeo.load(sandbox, image, reference);
  await skopeo.push(sandbox, reference);
  expect(await skopeo.pull(sandbox, reference)).toBe(image.id);
}

clientTest("with a browser that comes back to a port of the machine", skopeo.needs, async () => {
  await using sandbox = await world.enter();
  const opened = sandbox.path("opened");
  await Bun.write(sandbox.path("bin/browser"), `#!/bin/sh\necho "$1" > ${opened}\n`);
  chmodSync(sandbox.path("bin/browser"), 0o755);
  sandbox.env.BROWSER = "browser";
  await login(sandbox, [], async (said) => {
    const url = /http\S+\/authorize\S+/.exec(said)?.[0];
    if (url === undefined || !said.includes("\n\n", said.indexOf(url))) return false;
    const page = await fetch(await allow(url), { headers: { connection: "close" } });
    expect(await page.text()).toContain("You are signed in.");
    return true;
  });
  await pushesAndPulls(sandbox, "with-a-browser");
});

clientTest("with a code that is typed elsewhere", skopeo.needs, async () => {
  await using sandbox = await world.enter();
  await login(sandbox, ["--no-browser"], async (said) => {
    const code = /^ {2}([B-Z]{4}-[B-Z]{4})$/m.exec(said)?.[1];
    if (code === undefined) return false;
    expect(said).toContain(`${world.server.origin}/device`);
    await browser.open("/device");
    await browser.submit("/device", { code });
    await browser.submit("/device/answer", { decision: "allow" });
    return true;
  });
  await pushesAndPulls(sandbox, "with-a-code");
  // The administration API knows the person, too, and says what would help.
  const refused = await sandbox.fail(["waybill", "projects", "delete", PROJECT, "--quiet"]);
  expect(refused).toContain(`user:${email} does not have the permission`);
  expect(refused).toContain(`--member=user:${email}`);
});

clientTest("with an address that is pasted back; ended, it is refused at once", skopeo.needs, async () => {
  await using sandbox = await world.enter();
  await login(sandbox, ["--paste"], async (said, type) => {
    const url = said.endsWith("> ") ? /http\S+\/authorize\S+/.exec(said)?.[0] : undefined;
    if (url === undefined) return false;
    type(await allow(url));
    return true;
  });
  await pushesAndPulls(sandbox, "with-an-address");
  // A token of the login that lives for most of an hour yet.
  const token = await sandbox.succeed(["waybill", "auth", "print-access-token"]);
  const ask = () => fetch(`${world.server.origin}/v1/projects`, { headers: { authorization: `Bearer ${token}` } });
  expect((await ask()).status).toBe(200);
  const list = ["users", "logins", "list", email, "--format=json"];
  const before = JSON.parse(await world.server.administer(...list)) as { name: string; clientId: string }[];
  expect(before[0]?.clientId).toBe("waybill");
  for (const { name } of before) {
    await world.server.administer("users", "logins", "end", email, name.split("/").at(-1) ?? "");
  }
  expect((await ask()).status).toBe(401);
  expect(JSON.parse(await world.server.administer(...list))).toEqual([]);
  await sandbox.succeed(["docker-credential-waybill", "clear"]);
  await mustRefuse(
    () => skopeo.pull(sandbox, `${world.server.host}/${PROJECT}/with-an-address:1`),
    /no longer valid|credentials|unauthorized/i,
  );
});

clientTest("signing out with the command ends it at the server", [], async () => {
  await using sandbox = await world.enter();
  await login(sandbox, ["--paste"], async (said, type) => {
    const url = said.endsWith("> ") ? /http\S+\/authorize\S+/.exec(said)?.[0] : undefined;
    if (url === undefined) return false;
    type(await allow(url));
    return true;
  });
  const count = async () =>
    JSON.parse(await world.server.administer("users", "logins", "list", email, "--format=json"));
  expect(await count()).toHaveLength(1);
  await sandbox.succeed(["waybill", "auth", "logout"]);
  expect(await count()).toEqual([]);
});
