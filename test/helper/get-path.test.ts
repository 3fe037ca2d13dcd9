// What the helper loads before it answers from its cache: docker waits for each of these files.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { cachedPath } from "../../scripts/pieces.ts";

const source = join(import.meta.dir, "../../src");

const statically = /^(?:import|export)(?! type)[^;]*?from "(\.[^"]+\.ts)"/gm;
const dynamically = /import\("(\.[^"]+\.ts)"\)/g;

function reachedFrom(roots: readonly string[], ...patterns: RegExp[]): string[] {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    const text = readFileSync(join(source, file), "utf8");
    for (const pattern of patterns)
      for (const [, path = ""] of text.matchAll(pattern)) visit(normalize(join(dirname(file), path)));
  };
  roots.forEach(visit);
  return [...reached].sort();
}

test("the cached path loads these files and no others", () => {
  const loaded = reachedFrom(["main.ts", "helper/run.ts", "helper/get.ts"], statically);
  console.log(loaded.join("\n"));
  expect(loaded).toEqual([...cachedPath]);
});

test("the cached path loads none of the runtime's modules: node:fs alone takes as long as all of these files", () => {
  const builtIn = /^import(?! type)[^;]*?from "((?:node|bun):[^"]+)"/gm;
  const loaded = cachedPath.flatMap((file) => [...readFileSync(join(source, file), "utf8").matchAll(builtIn)]);
  expect(loaded.map(([, name]) => name)).toEqual([]);
});

test("get never opens a browser, also when nothing is cached", () => {
  const reachable = reachedFrom(["helper/get.ts"], statically, dynamically);
  expect(reachable).toContain("sources/login/login-token.ts");
  expect(reachable.filter((file) => /browser|sign-in/.test(file))).toEqual([]);
});
