// npm run release [TARGET…]: everything that is given out, into dist/release. Without targets, all of them. The same sources and
// SOURCE_DATE_EPOCH give the same bytes, wherever they lie.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../../src/cli/command.ts";
import { compile } from "../compile.ts";
import { sourceDate } from "../source-date.ts";
import { gzipOf, tarOf } from "./archive.ts";
import { bunFor } from "./bun-executable.ts";
import { debianArchitectures, debianPackage } from "./debian.ts";
import { repository } from "./lock-file.ts";
import { helperFiles, serverFiles } from "./payload.ts";
import { softwareBillOfMaterials } from "./sbom.ts";
import { type Target, targets } from "./targets.ts";

/** The program for a target. */
export async function buildProgram(target: Target): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-release-"));
  try {
    const file = join(folder, `waybill${target.suffix}`);
    // npm's packages say aarch64, the compiler says arm64.
    await compile(file, { path: bunFor(target), target: target.bun.replace("aarch64", "arm64") });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Both archives of a target, by their names. */
export async function archivesOf(target: Target, program: Uint8Array, date: Date): Promise<Map<string, Uint8Array>> {
  const { name, suffix } = target;
  return new Map([
    [`docker-credential-waybill_${name}-${version}.tar.gz`, gzipOf(tarOf(helperFiles(program, suffix), date))],
    [`waybill_${name}-${version}.tar.gz`, gzipOf(tarOf(await serverFiles(program, suffix, date), date))],
  ]);
}

/** As `sha256sum --check` reads it. */
export function checksums(files: ReadonlyMap<string, Uint8Array>): string {
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`)
    .join("");
}

async function release(wanted: readonly Target[], folder: string): Promise<void> {
  const date = sourceDate();
  mkdirSync(folder, { recursive: true });
  const write = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(join(folder, name), bytes);
    console.error(`${name}  ${Math.ceil(Buffer.byteLength(bytes) / 1024)} KiB`);
  };
  for (const target of wanted) {
    const program = await buildProgram(target);
    for (const [name, bytes] of await archivesOf(target, program, date)) write(name, bytes);
    const architecture = debianArchitectures[target.name];
    if (architecture) {
      const { name, bytes } = await debianPackage(program, architecture, date);
      write(name, bytes);
    }
  }
  write(`waybill-${version}.cdx.json`, softwareBillOfMaterials(date));
  const given = readdirSync(folder).filter((name) => name !== "SHA256SUMS");
  write("SHA256SUMS", checksums(new Map(given.map((name) => [name, readFileSync(join(folder, name))]))));
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ options: { output: { type: "string" } }, allowPositionals: true });
  const unknown = positionals.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined) {
    console.error(`release: error: no target ${unknown}\nrelease: hint: ${targets.map(({ name }) => name).join(", ")}`);
    process.exit(2);
  }
  const wanted = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  await release(wanted, resolve(values.output ?? join(repository, "dist/release")));
}
