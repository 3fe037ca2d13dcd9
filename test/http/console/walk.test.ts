import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { clientTest } from "../../clients/client-test.ts";
import { makeImage, writeLayout } from "../../clients/image.ts";
import { Sandbox } from "../../clients/sandbox.ts";
import { openBrowser } from "./browser.ts";

const main = join(import.meta.dir, "../../../src/main.ts");
const email = "olga@example.com";
const password = "a long password of hers 7";

/** A server of its own, a real browser, a real client: from the link of `waybill setup` to a deleted image. */
clientTest(
  "a person sets up, pushes while Connect watches, grants, asks why, and deletes",
  ["chromium", "skopeo"],
  async () => {
    await using sandbox = await Sandbox.create();
    const data = sandbox.path("data");
    const serve = [process.execPath, main, "serve", "--data", data, "--listen", "localhost:0"];
    const { ready } = await sandbox.start("server", serve, /^ready: (https?:\/\/(\S+))$/m);
    const [, origin = "", host = ""] = ready;
    const browser = await openBrowser();
    try {
      const page = await browser.newPage({ acceptDownloads: true });
      const complaints: string[] = [];
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));

      await page.goto((await sandbox.succeed([process.execPath, main, "setup", "--data", data])).trim());
      expect(page.url()).toBe(`${origin}/console/setup`);
      await page.getByLabel("Your e-mail").fill(email);
      await page.locator('input[name="password"]').fill(password);
      await page.getByLabel("The same password again").fill(password);
      await page.getByRole("button", { name: "Use a password" }).click();

      await page.getByRole("heading", { name: "Your first project" }).waitFor();
      await page.getByLabel("Project id").fill("shop");
      await page.getByRole("button", { name: "Create project" }).click();
      await page.getByRole("heading", { name: "Connect" }).waitFor();

      await createAccount(page, "pusher");
      await grant(page, `pusher@shop.iam.waybill.internal`, "roles/artifactregistry.writer");
      const key = await createKey(page, "pusher");
      expect(JSON.parse(readFileSync(key, "utf8"))).toMatchObject({ client_email: "pusher@shop.iam.waybill.internal" });

      await page.goto(`${origin}/console/projects/shop/connect?tool=podman&account=pusher%40shop.iam.waybill.internal`);
      await page.getByText("Waiting for the first login").waitFor();
      const shown = await page.locator("pre").allTextContents();
      expect(shown.join("\n")).toContain(`podman login -u _json_key --password-stdin ${host} < key.json`);
      const digest = await push(sandbox, host, key);
      // Nobody loads the page again: it follows.
      await page.getByText("Logged in", { exact: true }).waitFor({ timeout: 30_000 });

      await page.getByRole("link", { name: "Images" }).click();
      await page.getByRole("link", { name: "team/app" }).click();
      await page.getByRole("link", { name: digest.slice(7, 19) }).click();
      expect(await page.getByText(digest, { exact: true }).count()).toBe(1);
      expect(await page.locator("pre").first().textContent()).toBe(`docker pull ${host}/shop/team/app@${digest}`);
      await page.getByLabel("Another tag").fill("stable");
      await page.getByRole("button", { name: "Add tag" }).click();
      await page.getByRole("button", { name: "Remove the tag stable" }).waitFor();
      await sandbox.succeed(["skopeo", "inspect", "--tls-verify=false", `docker://${host}/shop/team/app:stable`]);

      const image = page.url();
      await ask(page, "serviceAccount:pusher@shop.iam.waybill.internal", "artifactregistry.tags.delete");
      await page.getByRole("heading", { name: "They may not" }).waitFor();
      await page.getByRole("button", { name: "Preview granting it" }).click();
      await page.getByRole("button", { name: "Grant the role" }).click();
      await page.getByRole("cell", { name: "image team/app" }).waitFor();
      await ask(page, "serviceAccount:pusher@shop.iam.waybill.internal", "artifactregistry.tags.delete");
      await page.getByRole("heading", { name: "They may", exact: true }).waitFor();

      await page.goto(image);
      await page.getByRole("link", { name: "Delete…" }).click();
      await page.getByRole("heading", { name: "What goes" }).waitFor();
      await page.getByRole("button", { name: "Delete image" }).click();
      await page.getByRole("heading", { name: "No images" }).waitFor();
      await sandbox.fail(["skopeo", "inspect", "--tls-verify=false", `docker://${host}/shop/team/app:stable`]);

      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  },
);

async function createAccount(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name: "Access" }).click();
  await page.getByRole("link", { name: "Service accounts" }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Keys" }).waitFor();
}

async function grant(page: Page, account: string, role: string): Promise<void> {
  await page.getByRole("link", { name: "Access" }).click();
  await page.locator('select[name="kind"]').selectOption("serviceAccount");
  await page.getByLabel("E-mail or name").fill(account);
  await page.locator('select[name="role"]').selectOption(role);
  await page.getByRole("button", { name: "Preview the change" }).click();
  await page.getByText("permissions", { exact: false }).first().waitFor();
  await page.getByRole("button", { name: "Grant the role" }).click();
  await page.getByRole("cell", { name: `serviceAccount:${account}`, exact: true }).waitFor();
}

async function ask(page: Page, member: string, permission: string): Promise<void> {
  await page.getByRole("link", { name: "Access" }).click();
  await page.getByRole("link", { name: "Why can’t they?" }).click();
  await page.locator('input[name="member"]').fill(member);
  await page.locator('select[name="permission"]').selectOption(permission);
  await page.locator('input[name="image"]').fill("team/app");
  await page.getByRole("button", { name: "Explain" }).click();
}

/** Answers the path of the key file that the browser saved. */
async function createKey(page: Page, name: string): Promise<string> {
  await page.getByRole("link", { name: "Service accounts" }).click();
  await page.getByRole("link", { name: `${name}@` }).click();
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Create key file" }).click();
  const path = await (await saved).path();
  // The page is loaded again, and shows the key.
  await page.getByRole("button", { name: "Disable key" }).waitFor();
  return path;
}

/** With the commands of way 5, and skopeo in the place of podman, whose login it shares. */
async function push(sandbox: Sandbox, host: string, key: string): Promise<string> {
  const image = makeImage({ largeLayerBytes: 100_000 });
  await writeLayout(image, sandbox.path("layout"));
  const login = ["skopeo", "login", "--tls-verify=false", "-u", "_json_key", "--password-stdin", host];
  await sandbox.succeed(login, { input: readFileSync(key, "utf8") });
  const source = `oci:${sandbox.path("layout")}:latest`;
  await sandbox.succeed(["skopeo", "copy", "--dest-tls-verify=false", source, `docker://${host}/shop/team/app:1.0`]);
  return image.manifest.digest;
}
