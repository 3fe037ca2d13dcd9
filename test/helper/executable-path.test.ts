// What the executable loads before it answers from its cache. A bundler puts shared modules into common pieces, so that a
// module may come along that no file on the way imports: only the pieces themselves tell.
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedPath } from "../../scripts/pieces.ts";

const repository = join(import.meta.dir, "../..");

/** Everything that `get` needs for a cached token is loaded with this file: a dynamic import costs a sixth of a millisecond. */
const entries = ["src/main.ts"];

/** They are loaded in two pieces: this one, and what it shares with the rest of the program. */
const piecesMax = 2;

/** All of it, minified: what the runtime has to read. */
const bytesMax = 16 * 1024;

type Output = {
  bytes: number;
  inputs: Record<string, unknown>;
  imports: { path: string; kind: string }[];
  entryPoint?: string;
};

/** Builds as `scripts/build.ts` does, in pieces instead of one file. */
async function pieces(): Promise<Record<string, Output>> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-pieces-"));
  try {
    const script = `import { pieces } from "./scripts/pieces.ts";
      const { metafile } = await Bun.build({ entrypoints: ["src/main.ts"], outdir: process.argv[1], ...pieces, metafile: true });
      console.log(JSON.stringify(metafile.outputs));`;
    const child = Bun.spawn([process.execPath, "-e", script, folder], { cwd: repository, stderr: "inherit" });
    return await child.stdout.json();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the executable's cached path loads these modules and no others", async () => {
  const outputs = await pieces();
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    const output = outputs[path];
    if (!output || loaded.has(path)) return;
    loaded.add(path);
    for (const { path: next, kind } of output.imports) if (kind === "import-statement") visit(next);
  };
  for (const entry of entries) {
    const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry);
    expect(found, entry).toBeDefined();
    visit(found?.[0] ?? "");
  }
  const read = [...loaded].map((path) => outputs[path] as Output);
  const modules = [...new Set(read.flatMap(({ inputs }) => Object.keys(inputs)))].sort();
  const bytes = read.reduce((sum, output) => sum + output.bytes, 0);
  console.log(`${modules.join("\n")}\n${modules.length} modules, ${bytes} bytes`);
  expect(modules.filter((module) => module.includes("node_modules"))).toEqual([]);
  expect(modules).toEqual(cachedPath.map((file) => `src/${file}`));
  expect(read.length).toBeLessThanOrEqual(piecesMax);
  expect(bytes).toBeLessThan(bytesMax);
}, 60_000);
