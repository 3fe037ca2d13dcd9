// `node bin/bun.js scripts/console-pictures.ts`: takes the pictures of the console in docs/images again, with Debian's Chromium.
// Where pngquant is installed they come out small.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openBrowser, serveForBrowser, signedIn } from "../test/http/console/browser.ts";
import { fillShop, sampleDays, signIn } from "../test/http/console/shop.ts";

const folder = join(import.meta.dir, "../docs/images");
mkdirSync(folder, { recursive: true });

const world = await serveForBrowser({ hosts: ["registry.example"] });
const { project, amd64 } = await fillShop(world.server);
await sampleDays(world.server, project.id);
const { value } = await signIn(world.server, "olga@example.com", [["installation", "roles/owner"]]);
const why = new URLSearchParams({
  member: "serviceAccount:puller@shop.iam.waybill.internal",
  image: "app",
  permission: "artifactregistry.repositories.uploadArtifacts",
});
const shop = "/console/projects/shop";
const pictures = [
  ["project-light", "light", shop],
  ["image-light", "light", `${shop}/images/registry.example/app@${amd64}`],
  ["connect-dark", "dark", `${shop}/connect`],
  ["why-dark", "dark", `${shop}/why?${why}`],
] as const;

// The name is shown, and leads to this machine.
const origin = "http://registry.example";
const browser = await openBrowser([
  `--host-resolver-rules=MAP registry.example ${new URL(world.origin).host}`,
  `--unsafely-treat-insecure-origin-as-secure=${origin}`,
]);
for (const [name, colorScheme, path] of pictures) {
  const viewport = { width: 1200, height: 760 };
  const { context } = await signedIn(browser, origin, value, { colorScheme, viewport });
  const page = await context.newPage();
  await page.goto(`${origin}${path}`);
  const file = join(folder, `console-${name}.png`);
  await page.screenshot({ path: file });
  if (Bun.which("pngquant")) Bun.spawnSync(["pngquant", "--force", "--ext=.png", "--speed=1", "32", file]);
  await context.close();
}
await browser.close();
await world.close();
