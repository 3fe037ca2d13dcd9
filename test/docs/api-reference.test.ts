import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apiReference } from "../../scripts/api/api-reference.ts";
import { specificationOf } from "../../scripts/api/google-specification.ts";
import { imageRoutes } from "../../scripts/api/image-routes.ts";
import { parseRoute } from "../../src/http/distribution/route.ts";
import { googleRoutes } from "../../src/http/google/routes.ts";

test("docs/api.md is what `npm run docs` makes of the routes", () => {
  expect(readFileSync(join(import.meta.dir, "../../docs/api.md"), "utf8")).toBe(apiReference());
});

test("every path of an image is parsed as the kind that the page says", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const example = (path: string) =>
    path
      .replace("{name}", "shop/app")
      .replace("{project}", "shop")
      .replace("{digest}", digest)
      .replace(/\{reference\}|\{tag\}/, "1")
      .replace("{id}", "0".repeat(32));
  for (const [kind, rows] of Object.entries(imageRoutes)) {
    for (const { path } of rows) expect(parseRoute(example(path), "default")?.kind, path).toBe(kind as never);
  }
});

test("every route of the administration API stands on the page, with where it is described", () => {
  const page = apiReference();
  for (const { method, pattern } of googleRoutes) {
    expect(page).toContain(`| ${method} | \`${pattern}\` |`);
    expect(specificationOf(pattern)).toMatch(/\]\(|Waybill's own/);
  }
  expect(() => specificationOf("/v3/new")).toThrow("no section");
});
