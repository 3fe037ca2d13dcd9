// What the executable loads before it answers from its cache. A bundler puts shared modules into common pieces, so that a
// module may come along that no file on the way imports: only the pieces themselves tell.
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const repository = join(import.meta.dir, "../..");

/** Everything that `get` needs for a cached token is loaded with this file: a dynamic import costs a sixth of a millisecond. */
const entries = ["src/main.ts"];

/** More than these cost time in every pull and push: a new one needs a reason that is worth it. */
const expected = [
  "src/helper/get.ts",
  "src/helper/input.ts",
  "src/helper/run.ts",
  "src/helper/standard-output.ts",
  "src/main.ts",
  "src/sources/context.ts",
  "src/sources/email.ts",
  "src/sources/failure.ts",
  "src/sources/google.ts",
  "src/sources/paths.ts",
  "src/sources/registry-credential.ts",
  "src/sources/registry-host.ts",
  "src/sources/scope.ts",
  "src/sources/secret.ts",
  "src/sources/settings.ts",
  "src/sources/token-cache.ts",
  "src/sources/token-plan.ts",
  "src/sources/token-source.ts",
];

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
    const script = `const { metafile } = await Bun.build({ entrypoints: ["src/main.ts"], outdir: process.argv[1], target: "bun",
      splitting: true, minChunkSize: 16384, format: "esm", minify: true, metafile: true }); console.log(JSON.stringify(metafile.outputs));`;
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
  expect(modules.filter((module) => !expected.includes(module))).toEqual([]);
  expect(bytes).toBeLessThan(bytesMax);
}, 60_000);
