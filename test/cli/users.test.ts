import { afterAll, beforeAll, expect, test } from "bun:test";
import { Browser } from "../http/console/people/browser.ts";
import { type AdministeredServer, startAdministeredServer } from "./administered-server.ts";

let server: AdministeredServer;
beforeAll(async () => {
  server = await startAdministeredServer();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const run = (line: string) => server.waybill(line.split(" "));
const password = "a long enough password";

test("waybill users: from an invitation to a session that is ended, and a user that is gone", async () => {
  const { stdout, stderr } = await run("users invite ada@example.com");
  const link = new URL(stdout.trim());
  expect(stderr).toContain("The link works once, until ");
  expect(stderr).not.toContain(link.hash);
  const wire = (url: string, init?: RequestInit) => fetch(url, { ...init, redirect: "manual" });
  const browser = new Browser({ fetch: wire }, server.origin);
  await browser.open(link.pathname);
  const code = new URLSearchParams(link.hash.slice(1)).get("code") ?? "";
  expect((await browser.submit(link.pathname, { code, password, again: password })).status).toBe(303);

  expect((await run("users list")).stdout).toMatch(/^EMAIL +JOINED +DISABLED\nada@example.com +20\S+ +False\n$/);
  const sessions = JSON.parse((await run("users sessions list ada@example.com --format=json")).stdout);
  expect(sessions).toMatchObject([{ how: "invitation", address: "127.0.0.1" }]);
  const id = sessions[0].name.split("/").at(-1);
  expect((await run(`users sessions end ada@example.com ${id}`)).exitCode).toBe(0);
  expect((await browser.open("/console/account")).status).toBe(303);
  expect((await run(`users sessions end ada@example.com ${id}`)).stderr).toContain("There is no such session");
  expect((await run("users logins list ada@example.com")).stderr).toContain("Listed 0 items.");

  expect((await run("users disable ada@example.com")).stderr).toBe("Disabled user [ada@example.com].\n");
  expect((await run("users invite ada@example.com")).stderr).toContain("is disabled: enable them first");
  expect((await run("users enable ada@example.com")).exitCode).toBe(0);
  expect((await run("users delete ada@example.com --quiet")).exitCode).toBe(0);
  expect((await run("users list")).stderr).toBe("Listed 0 items.\n");
  expect((await run("users disable ada@example.com")).exitCode).toBe(1);
}, 60_000);
