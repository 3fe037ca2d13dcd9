import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { googleRoutes } from "../../src/http/google/routes.ts";

const source = join(import.meta.dir, "../../src");
/** A path as a command writes it: up to what it fills in last. */
const written = /[`"](\/v1\/[^`"\s?]*)/g;

const asked = [...new Bun.Glob("{cli,client}/**/*.ts").scanSync(source)].flatMap((file) => {
  const text = readFileSync(join(source, file), "utf8");
  return [...text.matchAll(written)].map(([, path = ""]) => [file, path] as const);
});
const routes = googleRoutes.map(({ pattern }) => partsOf(pattern.replaceAll(/\{\w+\}/g, "*")));

/** Its parts, and the verb as one of them; `*` for whatever is filled in. */
function partsOf(path: string): string[] {
  const filled = path.replaceAll(/\$\{(?:[^{}]|\{[^}]*\})*(?:\}|$)/g, "*");
  return filled.split(/[/:]/).slice(1);
}

/** Whether a route is, or begins with, what a command writes. */
function fits(route: readonly string[], parts: readonly string[]): boolean {
  return parts.every((part, index) => part === "*" || route[index] === "*" || route[index] === part);
}

describe("there is one administration API, which commands use as everybody else", () => {
  test("and commands do", () => {
    expect(asked.length).toBeGreaterThan(20);
    expect(routes.some((route) => fits(route, partsOf("/v1/projects/*:doAsILike")))).toBe(false);
  });

  test.each(asked)("%s: %s", (_file, path) => {
    expect(routes.some((route) => fits(route, partsOf(path)))).toBe(true);
  });
});
