import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { clientTest } from "../../clients/client-test.ts";
import { basic } from "../../server.ts";
import { openBrowser, serveForBrowser, signedIn } from "./browser.ts";
import { signIn } from "./shop.ts";

/** Pages that follow what happens: with a script by themselves, without one by being loaded again. */
let world: Awaited<ReturnType<typeof serveForBrowser>>;
let cookie: string;
let browser: Browser | undefined;

beforeAll(async () => {
  world = await serveForBrowser();
  await world.server.project("shop");
  ({ value: cookie } = await signIn(world.server, "olga@example.com", [["installation", "roles/owner"]]));
});
afterAll(async () => {
  await browser?.close();
  await world.close();
});

const page = async (path: string) =>
  await (await world.server.fetch(`${world.origin}${path}`, { headers: { cookie: `waybill=${cookie}` } })).text();

async function login(name: string) {
  const project = await world.server.projects.find("shop");
  if (!project) throw new Error("no project");
  const { account, key } = await world.server.account(project, name, [[`project/${project.id}`, "roles/viewer"]]);
  const headers = basic("_json_key", JSON.stringify(key));
  const ask = () =>
    world.server.fetch("/v2/token?scope=repository:shop/app:pull", {
      headers: { ...headers, "user-agent": "docker/28.2.2 go/go1.24" },
    });
  return { email: encodeURIComponent(account.email), ask };
}

describe("Connect", () => {
  test("waits for the first login of the identity that was picked, and tells of it with the client", async () => {
    const [one, two] = [await login("one"), await login("two")];
    const path = (email: string) => `/console/projects/shop/connect?account=${email}`;
    expect(await page(path(one.email))).toContain("Waiting for the first login");
    expect(await page(path(one.email))).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>');
    expect((await one.ask()).status).toBe(200);
    const text = await page(path(one.email));
    expect(text).toContain("Logged in");
    expect(text).toContain("docker/28.2.2");
    expect(text).not.toContain("http-equiv");
    expect(await page(path(two.email))).toContain("Waiting for the first login");
  });
});

describe("Activity", () => {
  test("filters, and says what was refused in the last hour", async () => {
    const { headers } = await signIn(world.server, "nosy@example.com");
    await world.server.fetch("/console/projects/shop/access", { headers });
    const all = await page("/console/projects/shop/activity");
    expect(all).toContain("resourcemanager.projects.getIamPolicy");
    expect(all).toContain("user:nosy@example.com");
    expect(all).toMatch(/Refused in the last hour.*nosy/s);
    const changes = await page("/console/projects/shop/activity?topic=changes");
    expect(changes.slice(changes.indexOf('id="entries"'))).not.toContain("nosy");
    const filtered = await page(
      `/console/projects/shop/activity?filter=${encodeURIComponent("principal=user:nobody@example.com")}`,
    );
    expect(filtered).toContain("Nothing that happened matches");
    world.server.clock.now += 2 * 3_600_000;
    expect(await page("/console/projects/shop/activity")).toMatch(
      /Refused in the last hour<\/h2><span class="state good">None/,
    );
  });

  clientTest("follows live in a browser, and nothing moves where nobody asked for that", ["chromium"], async () => {
    browser = await openBrowser();
    const { value } = await signIn(world.server, "watcher@example.com", [["installation", "roles/owner"]]);
    const { context, troubles } = await signedIn(browser, world.origin, value);
    const [following, still] = [await context.newPage(), await context.newPage()];
    await following.goto(`${world.origin}/console/activity?follow=on`);
    await still.goto(`${world.origin}/console/activity`);
    const { ask } = await login("late");
    await ask();
    await following.getByText("serviceAccount:late@").first().waitFor();
    expect(await still.getByText("serviceAccount:late@").count()).toBe(0);
    expect(troubles).toEqual([]);
  });
});
