import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

// bin/ beside the node_modules that npm leaves behind, with programs that only say where they lie in Bun's place.

const bin = join(import.meta.dir, "../bin");
let folder = "";
afterEach(() => rmSync(folder, { recursive: true }));

const platform = `${process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}`;
const moved = "node_modules/bun/bin/bun.exe";
const inPackage = (variant = "") => `node_modules/@oven/bun-${platform}${variant}/bin/bun`;

/** @param places where an executable lies; @param stubs where npm's own launcher lies */
async function run(places: string[], stubs: string[]) {
  folder = mkdtempSync(join(tmpdir(), "waybill-bin-"));
  const put = (place: string, text: string) => {
    const path = join(folder, place);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  };
  mkdirSync(join(folder, "bin"));
  for (const file of readdirSync(bin)) copyFileSync(join(bin, file), join(folder, "bin", file));
  put("package.json", '{"type":"module"}');
  for (const place of places) put(place, `#!/bin/sh\necho "${place} $*"\nexit 7\n#${"x".repeat(1_100_000)}`);
  for (const place of stubs) put(place, "#!/bin/sh\necho stub\nexit 1\n");
  const child = Bun.spawn(["node", join(folder, "bin/bun.js"), "--version"], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { stdout, stderr, exitCode: await child.exited };
}

describe("bin/bun.js", () => {
  test.each([
    ["in its package, after npm ci --ignore-scripts", [inPackage()], [moved], inPackage()],
    ["where npm's install script moved it", [moved], [], moved],
    ["in another variant's package", [inPackage("-baseline")], [moved], inPackage("-baseline")],
  ])("finds Bun %s, and passes arguments and exit code on", async (_name, places, stubs, found) => {
    expect(await run(places, stubs)).toMatchObject({ stdout: `${found} --version\n`, exitCode: 7 });
  });

  test("says what to type where npm installed none", async () => {
    const { stderr, exitCode } = await run([], [moved]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("npm ci");
  });
});
