import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { archivesOf, checksums } from "../../../scripts/release/release.ts";
import { softwareBillOfMaterials } from "../../../scripts/release/sbom.ts";
import { targets } from "../../../scripts/release/targets.ts";
import { version } from "../../../src/cli/command.ts";

// Other programs on a busy machine take their time.
setDefaultTimeout(60_000);

const repository = join(import.meta.dir, "../../..");
const folder = mkdtempSync(join(tmpdir(), "waybill-release-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const date = new Date("2026-11-25T00:00:00Z");
const [linux] = targets;
if (!linux) throw new Error("there are no targets");

async function run(command: string[], cwd = folder) {
  const child = Bun.spawn(command, { cwd, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { stdout, stderr, exitCode: await child.exited };
}

/** A copy of the sources elsewhere; the installed packages are the same files under another path. */
async function copySources(name: string): Promise<string> {
  const copy = join(folder, name);
  mkdirSync(copy, { recursive: true });
  for (const part of ["src", "scripts", "bin", "package.json", "package-lock.json", "tsconfig.json"])
    cpSync(join(repository, part), join(copy, part), { recursive: true });
  const linked = await run(["cp", "-al", join(repository, "node_modules"), copy]);
  if (linked.exitCode !== 0) cpSync(join(repository, "node_modules"), join(copy, "node_modules"), { recursive: true });
  return copy;
}

describe("a release", () => {
  test("is the same bytes wherever it is built", async () => {
    const digests = [];
    for (const place of ["one", "elsewhere/much/deeper"]) {
      const copy = await copySources(place);
      const built = await run(["node", "bin/bun.js", "scripts/build.ts", join(copy, "dist")], copy);
      expect(built.exitCode).toBe(0);
      digests.push(
        createHash("sha256")
          .update(readFileSync(join(copy, "dist/waybill")))
          .digest("hex"),
      );
    }
    expect(digests[0]).toBe(digests[1] ?? "");
    const program = join(folder, "one/dist/waybill");
    expect((await run([program, "version"])).stdout).toBe(`waybill ${version}\n`);
    expect(readFileSync(program).includes(folder)).toBe(false);
  }, 180_000);

  test("has two archives a target, whose bytes depend on nothing but what is in them", async () => {
    const program = Buffer.from("#!/bin/sh\necho program\n");
    const archives = await archivesOf(linux, program, date);
    expect([...archives.keys()]).toEqual([
      `docker-credential-waybill_linux_amd64-${version}.tar.gz`,
      `waybill_linux_amd64-${version}.tar.gz`,
    ]);
    expect(await archivesOf(linux, program, date)).toEqual(archives);
    for (const [name, bytes] of archives) writeFileSync(join(folder, name), bytes);
    writeFileSync(join(folder, "SHA256SUMS"), checksums(archives));
    expect((await run(["sha256sum", "--check", "--strict", "SHA256SUMS"])).exitCode).toBe(0);
  });

  test("has archives that tar unpacks: the program, its papers, and all owned by root", async () => {
    const listing = (name: string) => run(["tar", "--utc", "--full-time", "-tvzf", name]);
    const helper = await listing(`docker-credential-waybill_linux_amd64-${version}.tar.gz`);
    expect(helper.stderr).toBe("");
    expect(
      helper.stdout
        .replaceAll(/ +\d+ 2026/g, " N 2026")
        .trimEnd()
        .split("\n"),
    ).toEqual([
      "-rw-r--r-- root/root N 2026-11-25 00:00:00 LICENSE",
      "-rw-r--r-- root/root N 2026-11-25 00:00:00 README.md",
      "-rw-r--r-- root/root N 2026-11-25 00:00:00 THIRD-PARTY-NOTICES",
      "-rwxr-xr-x root/root N 2026-11-25 00:00:00 docker-credential-waybill",
    ]);
    const all = await listing(`waybill_linux_amd64-${version}.tar.gz`);
    expect(all.stdout).toContain("docker-credential-waybill -> waybill");
    for (const part of ["completions/_waybill", "man/man1/waybill-serve.1", "waybill.service"])
      expect(all.stdout).toContain(part);
    mkdirSync(join(folder, "unpacked"));
    await run(["tar", "-xzf", join(folder, `waybill_linux_amd64-${version}.tar.gz`)], join(folder, "unpacked"));
    expect((await run(["./docker-credential-waybill"], join(folder, "unpacked"))).stdout).toBe("program\n");
    const notices = readFileSync(join(folder, "unpacked/THIRD-PARTY-NOTICES"), "utf8");
    expect(notices).toContain("hono ");
    expect(notices).not.toContain("playwright-core ");
  });

  test("names every target once, in the words of docker-credential-gcr", () => {
    const names = targets.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^(?:linux|linux-musl|darwin|windows)_(?:amd64|arm64)$/);
  });
});

describe("the bill of materials", () => {
  const bill = JSON.parse(softwareBillOfMaterials(date)) as {
    components: { purl: string; version: string; hashes: { alg: string; content: string }[] }[];
  };
  const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };

  test("has every dependency in its version, and none that only develops", () => {
    const named = new Set(bill.components.map(({ purl }) => decodeURIComponent(purl.replace("pkg:npm/", ""))));
    for (const [name, wanted] of Object.entries(manifest.dependencies)) expect(named).toContain(`${name}@${wanted}`);
    for (const [name, wanted] of Object.entries(manifest.devDependencies))
      expect(named).not.toContain(`${name}@${wanted}`);
  });

  test("has a digest of each, and each once", () => {
    for (const { hashes } of bill.components)
      expect(hashes[0]).toMatchObject({ alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) });
    expect(new Set(bill.components.map(({ purl }) => purl)).size).toBe(bill.components.length);
  });

  test("is the same text for the same sources", () => {
    expect(softwareBillOfMaterials(date)).toBe(softwareBillOfMaterials(date));
  });
});
