import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { clientTest } from "../../clients/client-test.ts";
import { missing } from "../../clients/machine.ts";
import { openBrowser, serveForBrowser, signedIn } from "./browser.ts";
import { pushManifest, pushReferrer, pushRich, signIn } from "./shop.ts";

/** Each would run, or break out of where it stands, if it were not escaped. */
const attacks = [
  `<script>window.pwned=1</script>`,
  `"><img src=x onerror="window.pwned=1">`,
  `' onmouseover='window.pwned=1`,
  `</title></style></textarea><svg onload=window.pwned=1>`,
  `javascript:window.pwned=1`,
  `&lt;script&gt;window.pwned=1&lt;/script&gt;`,
  `\u202e\u0000\u2028<b>`,
];
const attack = attacks.join(" ");
/** Media types are ASCII. */
const asciiAttack = attacks.slice(0, 6).join("").slice(0, 250);

let world: Awaited<ReturnType<typeof serveForBrowser>>;
let cookie: string;
let pages: string[];

beforeAll(async () => {
  world = await serveForBrowser();
  const { server } = world;
  const project = await server.projects.create("shop", attack.slice(0, 100).replaceAll("\u0000", ""), {
    kind: "anonymous",
  });
  const { account, key } = await server.account(project, "pusher", [[`project/${project.id}`, "roles/storage.admin"]]);
  await server.serviceAccounts.update(account, { displayName: attacks[0], description: attacks[1] });
  for (const each of attacks.slice(0, 6)) await server.grant(`project/${project.id}`, `domain:${each}`, "roles/viewer");
  const token = server.accessToken(account, key);
  const hostile = {
    labels: { [attack]: attack },
    annotations: { [attack]: attack },
    history: [attack, attack],
    architecture: attacks[0] as string,
    config: { User: attack, WorkingDir: attack, Entrypoint: [attack], Cmd: [attack], ExposedPorts: { [attack]: {} } },
  };
  const image = await pushRich(server, token, "shop/app", "1", hostile);
  const referrer = await pushReferrer(server, token, "shop/app", image, asciiAttack, { [attack]: attack });
  const document = JSON.parse(
    await (await server.fetch("/v2/shop/app/manifests/1", { headers: { authorization: `Bearer ${token}` } })).text(),
  ) as { layers: { mediaType: string }[] };
  for (const layer of document.layers) layer.mediaType = asciiAttack;
  const odd = await pushManifest(server, token, "shop/app", "2", image.mediaType, document);
  const index = await pushManifest(server, token, "shop/app", "3", "application/vnd.oci.image.index.v1+json", {
    manifests: [{ ...image, platform: { os: attack, architecture: attack }, annotations: { [attack]: attack } }],
    annotations: { [attack]: attack },
  });
  // What comes into the log: a refused login, with a client that has a name of its own.
  await server.fetch("/v2/token?scope=repository:shop/app:pull", {
    headers: { authorization: "Bearer nothing", "user-agent": attacks[1] as string },
  });
  ({ value: cookie } = await signIn(server, "olga@example.com", [["installation", "roles/owner"]]));
  const q = encodeURIComponent(attack.replaceAll("\u0000", ""));
  const app = "/console/projects/shop/images/default/app";
  pages = [
    "/console/",
    `/console/?after=${q}`,
    "/console/projects/shop",
    `/console/projects/shop?q=${q}`,
    `/console/projects/shop?after=${q}&location=${q}`,
    app,
    `${app}?view=tags&q=${encodeURIComponent(attacks[1] as string)}`,
    `${app}?after=${q}`,
    ...[image, referrer, odd, index].map(({ digest }) => `${app}@${digest}`),
    `/console/projects/shop/delete/default/app@${image.digest}`,
    `${app}@${q}`,
    `/console/projects/${encodeURIComponent("<script>window.pwned=1")}`,
    `/console/projects/shop/images/default/${encodeURIComponent("<svg onload=window.pwned=1>")}`,
    "/console/projects/shop/access",
    "/console/projects/shop/accounts",
    `/console/projects/shop/accounts/${encodeURIComponent(account.email)}`,
    `/console/projects/shop/accounts/${encodeURIComponent(attacks[1] as string)}`,
    `/console/projects/shop/connect?tool=${q}&account=${q}`,
    "/console/activity",
    `/console/activity?filter=${q}`,
    `/console/activity?filter=${encodeURIComponent(`principal:"<script>window.pwned=1</script>"`)}`,
    `/console/sign-in?next=${q}`,
  ];
});
afterAll(() => world.close());

describe("a page with hostile texts on it", () => {
  test("has them as texts and nothing else", async () => {
    for (const path of pages) {
      const answer = await world.server.fetch(`${world.origin}${path}`, { headers: { cookie: `waybill=${cookie}` } });
      const text = await answer.text();
      expect(answer.status).toBeLessThan(500);
      const broken: string[] = [];
      const rewriter = new HTMLRewriter().on("*", {
        element(element) {
          for (const [name, value] of element.attributes) {
            if (/^on|^style$|^srcdoc$/i.test(name)) broken.push(`${element.tagName} ${name}`);
            if (/^(?:href|src|action)$/.test(name) && !/^(?:\/|#|\?)/.test(value)) broken.push(`${name}=${value}`);
          }
          if (element.tagName === "script" && !element.getAttribute("src")) broken.push("an inline script");
          if (["img", "svg", "style", "b", "textarea"].includes(element.tagName)) broken.push(element.tagName);
        },
      });
      rewriter.transform(text);
      // The pages have pictures of their own: the mark, bars and the plot.
      const own = /^(?:img|svg|textarea)$/;
      expect({ path, broken: broken.filter((each) => !own.test(each)) }).toEqual({ path, broken: [] });
      expect(text).not.toMatch(/<script>|<img src=x|<svg onload|<b>/);
    }
    expect(world.server.logged).toEqual([]);
  });

  let browser: Browser | undefined;
  afterAll(() => browser?.close());
  clientTest("runs nothing in a browser", ["chromium"], async () => {
    if (missing(["chromium"]).length > 0) return;
    browser = await openBrowser();
    const { context, troubles } = await signedIn(browser, world.origin, cookie);
    const page = await context.newPage();
    for (const path of pages) {
      await page.goto(`${world.origin}${path}`);
      expect(await page.evaluate("String(window.pwned)")).toBe("undefined");
      expect(await page.title()).toEndWith("· Waybill");
    }
    expect(troubles.filter((each) => !each.startsWith("Failed to load resource"))).toEqual([]);
  });
});
