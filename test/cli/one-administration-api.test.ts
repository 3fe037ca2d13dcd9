import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { googleRoutes } from "../../src/http/google/routes.ts";

const source = join(import.meta.dir, "../../src");
/** A path as a command writes it: up to what it fills in last. */
const written = /[`"](\/v1\/[^`"\s?]*)/g;

const shapes = googleRoutes.map(({ pattern }) => shapeOf(pattern.replaceAll(/\{\w+\}/g, "x")));
const asked = [...new Bun.Glob("{cli,client}/**/*.ts").scanSync(source)].flatMap((file) => {
  const text = readFileSync(join(source, file), "utf8");
  return [...text.matchAll(written)].map(([, path = ""]) => [file, path] as const);
});

function shapeOf(path: string): string {
  return path.replaceAll(/\$\{(?:[^{}]|\{[^}]*\})*(?:\}|$)/g, "x").replaceAll("/-/", "/x/");
}

describe("there is one administration API, which commands use as everybody else", () => {
  test("and commands do", () => {
    expect(asked.length).toBeGreaterThan(20);
  });

  test.each(asked)("%s: %s", (_file, path) => {
    const shape = shapeOf(path);
    expect(
      shapes.filter((each) => each === shape || each.startsWith(`${shape}/`) || each.startsWith(`${shape}:`)),
    ).not.toEqual([]);
  });
});
