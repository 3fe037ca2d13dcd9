/** How long a page of the console takes a real browser, from the click to where it can be used, with little and with much to show. */
import type { Browser, Page } from "playwright-core";
import { openBrowser, serveForBrowser, signedIn } from "../test/http/console/browser.ts";
import { fillMany } from "../test/http/console/many-images.ts";
import { signIn } from "../test/http/console/shop.ts";
import type { Bench, Contender } from "./measure.ts";

const goalMilliseconds = 100;
const rounds = 30;

const pages: readonly (readonly [name: string, path: (digest: string) => string])[] = [
  ["projects", () => "/console/"],
  ["project", () => "/console/projects/shop"],
  ["search", () => "/console/projects/shop?q=image-00007"],
  ["images", () => "/console/projects/shop/images/default/app"],
  ["tags", () => "/console/projects/shop/images/default/app?view=tags"],
  ["image", (digest) => `/console/projects/shop/images/default/app@${digest}`],
  ["connect", () => "/console/projects/shop/connect"],
  ["access", () => "/console/projects/shop/access"],
  ["activity", () => "/console/projects/shop/activity"],
];

/** As a bench's file: see run.ts. */
export async function open({ quick }: { quick: boolean }): Promise<Bench> {
  const browser = await openBrowser();
  const worlds = [
    await openWorld(browser, 100, 100),
    await openWorld(browser, quick ? 1000 : 10_000, quick ? 200 : 1000),
  ];
  return {
    what: "navigate to a page in Chromium over loopback, until it is interactive (DOMContentLoaded, scripts run)",
    unit: "ms",
    rounds: quick ? 3 : rounds,
    contenders: pages.flatMap(([name, path]) => worlds.map((world) => contender(world, name, path(world.digest)))),
    verdict: (figures) =>
      figures.map(({ contender: name, best, median }) => {
        const times = `${median} ms, in a quiet moment ${best} ms (goal ${goalMilliseconds})`;
        return `${median < goalMilliseconds ? "reached" : "missed"}: ${name} in ${times}`;
      }),
    async [Symbol.asyncDispose]() {
      await browser.close();
      for (const world of worlds) await world.close();
    },
  };
}

type World = Awaited<ReturnType<typeof openWorld>>;

async function openWorld(browser: Browser, repositories: number, tags: number) {
  const name = `${repositories} repositories, ${tags} tags`;
  const { server, origin, close } = await serveForBrowser();
  const project = await server.project("shop");
  const digest = await fillMany(server, project.id, repositories, tags);
  const { value } = await signIn(server, "olga@example.com", [["installation", "roles/owner"]]);
  const { context } = await signedIn(browser, origin, value);
  const page: Page = await context.newPage();
  return { name, origin, digest, page, close };
}

function contender({ name: world, origin, page }: World, name: string, path: string): Contender {
  let bytes = 0;
  const answers: number[] = [];
  return {
    name: `${name}, ${world}`,
    /** The server's share of the best one is what does not depend on the browser. */
    facts: () => ({ pageBytes: bytes, bestAnswerMilliseconds: Number(Math.min(...answers).toPrecision(3)) }),
    async sample() {
      await page.goto(`${origin}${path}`, { waitUntil: "domcontentloaded" });
      const [interactive = 0, size = 0, answer = 0] = (await page.evaluate(`(() => {
        const [entry] = performance.getEntriesByType("navigation");
        return [entry.domContentLoadedEventEnd, entry.encodedBodySize, entry.responseEnd - entry.requestStart];
      })()`)) as number[];
      bytes = size;
      answers.push(answer);
      return interactive;
    },
  };
}
