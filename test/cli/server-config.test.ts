import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../src/cli/run.ts";
import { configReference } from "../../src/config/config-reference.ts";
import { context } from "./context.ts";

async function config(argv: readonly string[], env: Record<string, string> = {}) {
  const { it, said } = context({ env: { HOME: "/nonexistent", ...env } });
  return { exitCode: await runCli(["config", ...argv], it), ...said };
}

/** A settings file that is gone after the work. */
async function withFile<Result>(text: string, work: (path: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-config-"));
  const path = join(folder, "waybill.yaml");
  writeFileSync(path, text);
  try {
    return await work(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("waybill config check", () => {
  test("is content with good settings, and silent on standard output", async () => {
    const outcome = await withFile("hosts: [gcr.io]\n", (path) => config(["check", `--config=${path}`]));
    expect(outcome).toEqual({ exitCode: 0, stdout: "", stderr: "The settings are good.\n" });
  });

  test("says everything that is wrong, each with file and line", async () => {
    const { exitCode, stdout, stderr } = await withFile("hosts: [gcr.io]\ndatta: x\nlsten: y\n", (path) =>
      config(["check"], { WAYBILL_CONFIG: path }),
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(
      /^waybill: error: \S*waybill\.yaml:2: there is no setting "datta"; did you mean data\?\nwaybill: error: \S*waybill\.yaml:3: .*listen\?\nwaybill: hint: .*\n$/,
    );
  });
});

describe("waybill config print", () => {
  test("shows each value with its place", async () => {
    await withFile("hosts: [gcr.io, eu.gcr.io]\n", async (path) => {
      const argv = ["print", "--config", path, "--listen=127.0.0.1:1", "--format=json"];
      const { exitCode, stdout } = await config(argv, { WAYBILL_SCRUB_DAYS: "7" });
      expect(exitCode).toBe(0);
      const rows: { name: string }[] = JSON.parse(stdout);
      const row = (name: string) => rows.find((each) => each.name === name);
      expect(row("hosts")).toEqual({ name: "hosts", value: ["gcr.io", "eu.gcr.io"], from: `${path}:1` } as never);
      expect(row("listen")).toEqual({ name: "listen", value: "127.0.0.1:1", from: "--listen" } as never);
      expect(row("scrub-days")).toEqual({ name: "scrub-days", value: 7, from: "WAYBILL_SCRUB_DAYS" } as never);
      expect(row("data")).toEqual({ name: "data", value: "./waybill-data", from: "default" } as never);
    });
  });

  test("is a table for people", async () => {
    const { stdout } = await config(["print", "--listen=127.0.0.1:1"]);
    expect(stdout).toMatch(/^NAME +VALUE +FROM\n/);
    expect(stdout).toMatch(/\nlisten +127\.0\.0\.1:1 +--listen\n/);
  });

  test.each([
    [["--format=xml"], /--format cannot be "xml"/],
    [["--lisen=x:1"], /unknown flag --lisen; did you mean --listen\?/],
  ])("refuses %p with 2", async (argv, text) => {
    const { exitCode, stderr } = await config(["print", ...argv]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(text);
  });
});

test("waybill config docs prints the reference", async () => {
  expect(await config(["docs"])).toEqual({ exitCode: 0, stdout: configReference(), stderr: "" });
});
