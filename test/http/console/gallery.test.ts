import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { ConsoleRouteTable } from "../../../src/http/console/console-route.ts";
import { consoleRoutes } from "../../../src/http/console/console-routes.ts";
import { clientTest } from "../../clients/client-test.ts";
import { missing } from "../../clients/machine.ts";
import { openBrowser, serveForBrowser, signedIn } from "./browser.ts";
import { walkByTab } from "./keyboard.ts";
import { fillShop, sampleDays, signIn } from "./shop.ts";

/** Pictures of every page, to be looked at; the folder is not kept. */
const pictures = join(import.meta.dir, "../../output/console");

/** A name for the picture, where the page is, and what is done there first. */
type Shown = readonly [name: string, path: string, act?: (page: Page) => Promise<void>];

const looks = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 860 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 860 } },
  narrow: { colorScheme: "light", viewport: { width: 360, height: 780 } },
} as const;

describe("every page", () => {
  let world: Awaited<ReturnType<typeof serveForBrowser>>;
  let browser: Browser;
  let cookie: string;
  let pages: readonly Shown[];

  beforeAll(async () => {
    if (missing(["chromium"]).length > 0) return;
    mkdirSync(pictures, { recursive: true });
    world = await serveForBrowser();
    const { project, index, amd64, account, issuer } = await fillShop(world.server);
    ({ value: cookie } = await signIn(world.server, "olga@example.com", [["installation", "roles/owner"]]));
    await sampleDays(world.server, project.id);
    const app = "/console/projects/shop/images/default/app";
    pages = [
      ["projects", "/console/"],
      ["project", "/console/projects/shop"],
      ["repository", app],
      ["tags", `${app}?view=tags`],
      ["index", `${app}@${index}`],
      ["image", `${app}@${amd64}`],
      ["delete", `/console/projects/shop/delete/default/app@${index}`],
      ["connect", "/console/projects/shop/connect"],
      ["connect-github", "/console/projects/shop/connect?tool=github"],
      ["activity", "/console/projects/shop/activity"],
      ["server-activity", "/console/activity?topic=refused"],
      ["access", "/console/projects/shop/access"],
      [
        "preview",
        "/console/projects/shop/access",
        (page) => page.getByRole("button", { name: "Remove…" }).first().click(),
      ],
      ["accounts", "/console/projects/shop/accounts"],
      ["account", `/console/projects/shop/accounts/${encodeURIComponent(account.email)}`],
      [
        "why",
        "/console/projects/shop/why?member=serviceAccount:puller@shop.iam.waybill.internal&image=app&permission=artifactregistry.repositories.uploadArtifacts",
      ],
      ["federation", "/console/projects/shop/federation"],
      ["provider", "/console/projects/shop/federation/ci-pool/github"],
      [
        "trial",
        "/console/projects/shop/federation/ci-pool/github",
        async (page) => {
          await page.locator("textarea").fill(issuer.sign({ sub: "me", aud: "https://registry.example" }, Date.now()));
          await page.getByRole("button", { name: "Try the token" }).click();
          await page.getByText("This token lets nobody in").waitFor();
        },
      ],
      ["sign-in", "/console/sign-in"],
      ["set-up", "/console/setup"],
      ["own account", "/console/account"],
      ["refused", "/console/nowhere"],
    ];
    browser = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  test.skipIf(missing(["chromium"]).length > 0)("is looked at: none is left out", () => {
    const table = new ConsoleRouteTable(consoleRoutes);
    const seen = new Set(pages.map(([, path]) => table.find("GET", path.split("?", 1)[0] ?? "")?.route.pattern));
    const unseen = consoleRoutes.filter(({ method, pattern }) => method === "GET" && !seen.has(pattern));
    expect(unseen.map(({ pattern }) => pattern)).toEqual([]);
  });

  for (const [look, options] of Object.entries(looks)) {
    clientTest(`is without fault to a screen reader, asks nobody else, and fits: ${look}`, ["chromium"], async () => {
      const { context, troubles } = await signedIn(browser, world.origin, cookie, options);
      const page = await context.newPage();
      const found: string[] = [];
      for (const [name, path, act] of pages) {
        await page.goto(`${world.origin}${path}`);
        await act?.(page);
        await page.screenshot({ path: join(pictures, `${name}-${look}.png`), fullPage: true });
        await page.evaluate(axe.source);
        const faults = await page.evaluate(checkWithAxe);
        const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        found.push(...faults.map((fault) => `${name}: ${fault}`));
        if (Number(overflow) > 0) found.push(`${name} is ${overflow} px wider than the window`);
      }
      expect(found).toEqual([]);
      expect(troubles.filter((each) => !each.includes("404"))).toEqual([]);
      await context.close();
    });
  }

  for (const javaScriptEnabled of [true, false]) {
    const how = `with scripts ${javaScriptEnabled ? "on" : "off"}`;
    clientTest(`can be walked by the Tab key, and shows where it is: ${how}`, ["chromium"], async () => {
      const { context } = await signedIn(browser, world.origin, cookie, { ...looks.light, javaScriptEnabled });
      const page = await context.newPage();
      const found: string[] = [];
      for (const [name, path, act] of pages) {
        await page.goto(`${world.origin}${path}`);
        await act?.(page);
        found.push(...(await walkByTab(page)).map((fault) => `${name}: ${fault}`));
      }
      expect(found).toEqual([]);
      await context.close();
    });
  }
});

/** Runs in the page. */
async function checkWithAxe(): Promise<string[]> {
  const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .slice(0, 3)
        .map(({ html }) => html)
        .join(" ")}`,
  );
}
