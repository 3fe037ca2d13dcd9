// A real browser, held by our pages' own policy: it still comes back to the program that asked.
import { afterAll, beforeAll, expect } from "bun:test";
import type { Browser as Chromium } from "playwright-core";
import { clientTest } from "../../../clients/client-test.ts";
import { openBrowser, serveForBrowser } from "../browser.ts";

let site: Awaited<ReturnType<typeof serveForBrowser>>;
let chromium: Chromium | undefined;
beforeAll(async () => {
  site = await serveForBrowser();
});
afterAll(async () => {
  await chromium?.close();
  await site.close();
});

clientTest(
  "signing in on the way, allowing a program leads back to its port, and asks nobody else",
  ["chromium"],
  async () => {
    const password = "a long enough password";
    const { code } = await site.server.users.invite("ada@example.com");
    await site.server.joining.accept(code, { kind: "password", password }, { address: "", agent: "" });
    const came = Promise.withResolvers<URL>();
    using program = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        const url = new URL(request.url);
        if (url.searchParams.size > 0) came.resolve(url);
        return new Response("You are signed in.", { headers: { connection: "close" } });
      },
    });
    const redirectUri = `http://127.0.0.1:${program.port}/`;
    const query = new URLSearchParams({
      response_type: "code",
      client_id: "waybill",
      redirect_uri: redirectUri,
      scope: "openid email",
      state: "the-state",
      code_challenge: "a".repeat(43),
      code_challenge_method: "S256",
    });
    chromium = await openBrowser();
    const page = await chromium.newPage();
    const foreign: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(`${site.origin}/`) && !url.startsWith(redirectUri)) foreign.push(url);
    });
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(`${site.origin}/authorize?${query}`);
    await page.getByLabel("E-mail").fill("ada@example.com");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: /act for you/ }).waitFor();
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    const answer = await came.promise;
    expect(answer.searchParams.get("state")).toBe("the-state");
    expect(answer.searchParams.get("code")).toMatch(/^[\w-]{43}$/);
    await page.getByText("You are signed in.").waitFor();
    // The favicon of the program's page is the program's business.
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
  },
);

clientTest("without scripts a person signs in, and reads and ends what acts for them", ["chromium"], async () => {
  const password = "a long enough password";
  const { code, user } = await site.server.users.invite("grace@example.com");
  chromium ??= await openBrowser();
  const context = await chromium.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${site.origin}/console/invitation#code=${code}`);
  // Nobody takes the code out of the address: it is typed.
  await page.getByLabel("Code of the link").fill(code);
  await page.locator('input[name="password"]').fill(password);
  await page.getByLabel("The same password again").fill(password);
  await page.getByRole("button", { name: "Use a password" }).click();
  await page.waitForURL(`${site.origin}/console/`);
  const login = { kind: "oauth", principal: `user:${user.id}`, clientId: "waybill", scopes: "openid" } as const;
  await site.server.logins.begin({ ...login, address: "192.0.2.9" });
  await page.goto(`${site.origin}/console/account`);
  await page.getByText("192.0.2.9").waitFor();
  await page.getByRole("button", { name: "End" }).click();
  await page.getByText("None.").waitFor();
  expect(await site.server.logins.list(`user:${user.id}`)).toEqual([]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${site.origin}/console/sign-in`);
  await context.close();
});
