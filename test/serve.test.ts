import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser } from "./http/console/people/browser.ts";

// Starts the real program, as `npm start` does.

const program = join(import.meta.dir, "../bin/waybill.js");
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "waybill-serve-"));
  cleanUps.push(() => rmSync(path, { recursive: true }));
  return path;
}

async function run(...argv: string[]) {
  const child = Bun.spawn(["node", program, ...argv], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { stdout, stderr, exitCode };
}

/** A server that has said it is ready. */
async function serve(...argv: string[]) {
  const child = Bun.spawn(["node", program, "serve", ...argv], { stdout: "pipe", stderr: "pipe" });
  cleanUps.push(async () => {
    child.kill();
    await child.exited;
  });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: line = "" } = await reader.read();
  const origin = /^ready: (http:\/\/\S+)\n$/.exec(line)?.[1];
  if (!origin) throw new Error(`not ready: ${line}${await new Response(child.stderr).text()}`);
  return { child, origin };
}

describe("waybill serve", () => {
  test("makes its folder for this user only, answers, and ends with 0 on SIGTERM", async () => {
    const data = join(folder(), "data");
    const { child, origin } = await serve("--data", data, "--listen", "localhost:0");
    expect(origin).toStartWith("http://localhost:");
    for (const host of ["localhost", "127.0.0.1"]) {
      const answer = await fetch(`${origin.replace("localhost", host)}/v2/`);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toContain(`realm="${origin.replace("localhost", host)}/v2/token"`);
    }
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, "metadata.sqlite")).mode & 0o777).toBe(0o600);
    expect(statSync(join(data, "control.sock")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(data, ".gitignore"), "utf8")).toBe("*\n");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(existsSync(join(data, "control.sock"))).toBe(false);
    const talk = await new Response(child.stderr).text();
    expect(talk).toContain("waybill setup");
  });

  test("writes an owner's key for --admin-key once, readable by its owner only, and never again", async () => {
    const parent = folder();
    const [data, key] = [join(parent, "data"), join(parent, "owner.json")];
    const first = await serve("--data", data, "--listen", "127.0.0.1:0", "--admin-key", key);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const written = readFileSync(key, "utf8");
    expect(JSON.parse(written)).toMatchObject({ type: "service_account", token_uri: `${first.origin}/token` });
    first.child.kill();
    await first.child.exited;
    await serve("--data", data, "--listen", "127.0.0.1:0", "--admin-key", key);
    expect(readFileSync(key, "utf8")).toBe(written);
  });

  test("lets only one server run over a folder", async () => {
    const data = folder();
    await serve("--data", data, "--listen", "127.0.0.1:0");
    const { exitCode, stderr } = await run("serve", "--data", data, "--listen", "127.0.0.1:0");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("another server runs on");
  });

  const refusals: [string, string[], string][] = [
    ["plain HTTP off loopback", ["--listen", "0.0.0.0:0"], "in clear"],
    ["a certificate without its key", ["--tls-cert", "x"], "go together"],
    ["an unknown flag", ["--dta", "x"], "--dta"],
    ["a host name with a path", ["--hosts", "gcr.io/x"], "--hosts"],
    ["a port that is none", ["--listen", "localhost:http"], "HOST:PORT"],
    ["providers that are not there", ["--sign-in-providers", "/nonexistent.yaml"], "--sign-in-providers"],
    ["a settings file that is not there", ["--config", "/nonexistent.yaml"], "--config"],
  ];
  test.each(refusals)("refuses %s with 2, before it touches anything", async (_name, argv, text) => {
    const data = join(folder(), "data");
    const { exitCode, stderr } = await run("serve", "--data", data, ...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(text);
    expect(existsSync(data)).toBe(false);
  });

  test("says in one line that its port is taken", async () => {
    const { origin } = await serve("--data", folder(), "--listen", "127.0.0.1:0");
    const { exitCode, stderr } = await run("serve", "--data", folder(), "--listen", new URL(origin).host);
    expect(exitCode).toBe(1);
    expect(stderr).toStartWith("waybill: error: ");
  });

  test("reads its settings from a file, the command line going before it", async () => {
    const parent = folder();
    await Bun.write(join(parent, "waybill.yaml"), `data: ${join(parent, "d")}\nlisten: nowhere:1\n`);
    const { origin } = await serve("--config", join(parent, "waybill.yaml"), "--listen", "127.0.0.1:0");
    expect((await fetch(`${origin}/healthz`)).status).toBe(200);
  });
});

describe("waybill setup", () => {
  test("writes an owner's key that the server takes", async () => {
    const data = folder();
    const { origin } = await serve("--data", data, "--listen", "127.0.0.1:0");
    const file = join(folder(), "owner.json");
    const { exitCode } = await run("setup", "--data", data, "--key-file", file);
    expect(exitCode).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const authorization = `Basic ${btoa(`_json_key:${readFileSync(file, "utf8")}`)}`;
    expect((await fetch(`${origin}/v2/`, { headers: { authorization } })).status).toBe(200);
    const again = await run("setup", "--data", data, "--key-file", file);
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("exists already") });
  });

  test("prints a link whose code works once", async () => {
    const data = folder();
    const { origin } = await serve("--data", data, "--listen", "127.0.0.1:0");
    const { stdout } = await run("setup", "--data", data);
    const link = new URL(stdout.trim());
    expect(link.origin).toBe(origin);
    const code = new URLSearchParams(link.hash.slice(1)).get("code") ?? "";
    const spend = async (typed: Record<string, string>) => {
      const wire = (url: string, init?: RequestInit) => fetch(url, { ...init, redirect: "manual" });
      const browser = new Browser({ fetch: wire }, origin);
      await browser.open(link.pathname);
      const password = "a long enough password";
      return (await browser.submit(link.pathname, { email: "ada@example.com", password, again: password, ...typed }))
        .status;
    };
    expect(await spend({ code: "wrong" })).toBe(403);
    expect(await spend({ code })).toBe(303);
    expect(await spend({ code })).toBe(403);
  });

  test("says so where no server runs", async () => {
    const { exitCode, stderr } = await run("setup", "--data", join(folder(), "nothing"));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("no server runs on");
  });
});
