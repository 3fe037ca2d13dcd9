// Passkeys, in a real browser with an authenticator of its own.
import { afterAll, beforeAll, expect } from "bun:test";
import type { Browser as Chromium, Page } from "playwright-core";
import { clientTest } from "../../../clients/client-test.ts";
import { openBrowser, serveForBrowser } from "../browser.ts";
import { Browser } from "./browser.ts";

let site: Awaited<ReturnType<typeof serveForBrowser>>;
let chromium: Chromium | undefined;
beforeAll(async () => {
  site = await serveForBrowser();
});
afterAll(async () => {
  await chromium?.close();
  await site.close();
});

/** A page with a passkey store, as a laptop or a phone has it; `verifies` is whether it knows its owner. */
async function openPage(verifies = true): Promise<{ page: Page; credentials: () => Promise<number> }> {
  chromium ??= await openBrowser();
  const context = await chromium.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: verifies,
      automaticPresenceSimulation: true,
    },
  });
  const credentials = async () =>
    (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length;
  return { page, credentials };
}

async function cookieOf(page: Page): Promise<string> {
  const cookies = await page.context().cookies();
  return cookies.find(({ name }) => name === "waybill")?.value ?? "";
}

clientTest("the first owner makes a passkey, and signs in with nothing else", ["chromium"], async () => {
  const { page, credentials } = await openPage();
  await page.goto(`${site.origin}/console/setup#code=${await site.server.codes.issue()}`);
  // The code has left the address bar; nobody has to type it.
  expect(page.url()).toBe(`${site.origin}/console/setup`);
  expect(await page.getByLabel("Code of the link").isVisible()).toBe(false);
  await page.getByLabel("Your e-mail").fill("owner@example.com");
  await page.getByRole("button", { name: "Make a passkey" }).click();
  await page.waitForURL(`${site.origin}/console/`);
  expect(await credentials()).toBe(1);
  const principal = (await site.server.sessions.find(await cookieOf(page)))?.principal;
  expect(principal).toMatchObject({ kind: "user", email: "owner@example.com" });
  const { bindings } = await site.server.policies.get("installation");
  expect(bindings).toContainEqual({ role: "roles/owner", members: ["user:owner@example.com"] });

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${site.origin}/console/sign-in`);
  expect(await cookieOf(page)).toBe("");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL(`${site.origin}/console/`);
  expect((await site.server.sessions.find(await cookieOf(page)))?.principal).toEqual(principal as never);
  const [session] = await site.server.sessions.list((principal as { id: string }).id);
  expect(session?.how).toBe("passkey");

  // It is the only way in, and stays; with another one beside it, it can go.
  await page.goto(`${site.origin}/console/account`);
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByText("That is your only way to sign in").waitFor();
  await page.locator('input[name="password"]').fill("a long enough password");
  await page.getByLabel("The same password again").fill("a long enough password");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.waitForURL(`${site.origin}/console/account`);
  expect(await site.server.joining.passkeysOf(principal as never)).toHaveLength(1);

  // What the browser sent is worth nothing a second time, and nothing to another browser.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${site.origin}/console/sign-in`);
  const sent = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/sign-in"));
  await page.getByRole("button", { name: "Use a passkey" }).click();
  const answer = new URLSearchParams((await sent).postData() ?? "").get("passkey") ?? "";
  await page.waitForURL(`${site.origin}/console/`);
  const thief = new Browser(site.server, site.origin);
  await thief.open("/console/sign-in");
  expect((await thief.submit("/console/sign-in", { passkey: answer })).status).toBe(401);
  expect(thief.page).toContain("That passkey was not taken.");
  expect(thief.cookies.has("waybill")).toBe(false);

  // A disabled user has no passkey either.
  const user = await site.server.users.find("owner@example.com");
  if (user) await site.server.users.setDisabled(user, true);
  await page.goto(`${site.origin}/console/sign-in`);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByText("That passkey was not taken.").waitFor();
  await page.context().close();
});

clientTest(
  "an invitation ends in a passkey; one that did not verify its owner is not taken",
  ["chromium"],
  async () => {
    const { code } = await site.server.users.invite("grace@example.com");
    const { page } = await openPage(false);
    await page.goto(`${site.origin}/console/invitation#code=${code}`);
    await page.getByRole("button", { name: "Make a passkey" }).click();
    await page.getByText("No passkey was given.").waitFor();
    await page.context().close();

    const { page: again } = await openPage();
    await again.goto(`${site.origin}/console/invitation#code=${code}`);
    await again.getByRole("button", { name: "Make a passkey" }).click();
    await again.waitForURL(`${site.origin}/console/`);
    expect((await site.server.sessions.find(await cookieOf(again)))?.principal).toMatchObject({
      email: "grace@example.com",
    });
    await again.goto(`${site.origin}/console/account`);
    await again.locator('input[name="password"]').fill("a long enough password");
    await again.getByLabel("The same password again").fill("a long enough password");
    await again.getByRole("button", { name: "Set password" }).click();
    await again.waitForURL(`${site.origin}/console/account`);
    await again.getByRole("button", { name: "Remove" }).click();
    await again.getByRole("button", { name: "Remove" }).waitFor({ state: "detached" });
    const { id } = (await site.server.users.find("grace@example.com")) ?? { id: "" };
    expect(await site.server.joining.passkeysOf({ id, email: "" })).toEqual([]);
    await again.context().close();
  },
);

clientTest("a person without a passkey here is told so, and a made-up answer is refused", ["chromium"], async () => {
  const { page } = await openPage();
  await page.goto(`${site.origin}/console/sign-in`);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.getByText("No passkey was given.").waitFor();
  await page.context().close();

  const browser = new Browser(site.server, site.origin);
  const part = { clientDataJSON: "e30", authenticatorData: "e30", signature: "e30" };
  for (const passkey of [
    "x",
    "{}",
    "[]",
    "null",
    JSON.stringify({ id: "a", rawId: "a", type: "public-key", response: part }),
  ]) {
    await browser.open("/console/sign-in");
    expect((await browser.submit("/console/sign-in", { passkey })).status).toBe(401);
  }
});
