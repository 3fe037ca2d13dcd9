// npm run man: a manual page for every command, in dist/man/man1, from the definitions that the program itself runs by.
// `node bin/bun.js scripts/man.ts FOLDER` writes them elsewhere.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Entry, version } from "../src/cli/command.ts";
import { root } from "../src/cli/commands.ts";
import { helpText } from "../src/cli/help.ts";
import { helperHelp } from "./helper-help.ts";
import { manPage, type PageFrame } from "./man-page.ts";
import { sourceDate } from "./source-date.ts";

/** Every page by its file's name: `waybill-auth-login.1`. */
export async function manPages(date: Date): Promise<Map<string, string>> {
  const frame: PageFrame = { version: `waybill ${version}`, date: date.toISOString().slice(0, 10) };
  const pages = new Map<string, string>();
  const visit = async (entry: Entry, path: readonly string[]): Promise<void> => {
    const below = "commands" in entry ? entry.commands : [];
    const seeAlso = [...(path.length > 0 ? [pageName(path.slice(0, -1))] : ["docker-credential-waybill"])];
    seeAlso.push(...below.map(({ name }) => pageName([...path, name])));
    const name = pageName(path);
    pages.set(`${name}.1`, manPage(name, await helpText(path, entry), seeAlso, frame));
    for (const inner of below) await visit(inner, [...path, inner.name]);
  };
  await visit(root, []);
  const helper = "docker-credential-waybill";
  pages.set(`${helper}.1`, manPage(helper, helperHelp, ["waybill", "waybill-auth-configure-docker"], frame));
  return pages;
}

function pageName(path: readonly string[]): string {
  return ["waybill", ...path].join("-");
}

if (import.meta.main) {
  const folder = join(resolve(process.argv[2] ?? join(import.meta.dir, "../dist/man")), "man1");
  mkdirSync(folder, { recursive: true });
  const pages = await manPages(sourceDate());
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
  console.error(`${folder}: ${pages.size} pages`);
}
