/** Every page of the documentation whose commands are run. Decisions are for us, and show none to type. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Page, parsePage } from "./blocks.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

export function pages(): Page[] {
  const files = readdirSync(join(REPOSITORY, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md") && !file.startsWith("decisions"))
    .sort();
  return ["README.md", ...files.map((file) => `docs/${file}`)].map((path) =>
    parsePage(path, readFileSync(join(REPOSITORY, path), "utf8")),
  );
}
