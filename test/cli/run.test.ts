import { describe, expect, test } from "bun:test";
import type { Entry } from "../../src/cli/command.ts";
import { root } from "../../src/cli/commands.ts";
import { runCli } from "../../src/cli/run.ts";
import { nearMatch } from "../../src/config/near-match.ts";
import { context } from "./context.ts";

async function waybill(...argv: string[]) {
  const { it, said } = context({ env: { HOME: "/nonexistent" } });
  return { exitCode: await runCli(argv, it), ...said };
}

describe("waybill", () => {
  type Row = [argv: string[], exitCode: number, stdout: RegExp, stderr: RegExp];
  const rows: Row[] = [
    [["version"], 0, /^waybill 0\.1\.0\n$/, /^$/],
    [["--version"], 0, /^waybill 0\.1\.0\n$/, /^$/],
    [["--help"], 0, /^NAME\n {4}waybill - .*\nSYNOPSIS\n.*\nCOMMANDS\n/s, /^$/],
    [["help"], 0, /^NAME\n {4}waybill - /, /^$/],
    [["auth", "--help"], 0, /^NAME\n {4}waybill auth - .*COMMANDS\n.* {4}revoke /s, /^$/],
    [["help", "auth", "list"], 0, /^NAME\n {4}waybill auth list - /, /^$/],
    [["auth", "list", "-h"], 0, /^NAME\n {4}waybill auth list - /, /^$/],
    [["serve", "--help"], 0, /^NAME\n {4}waybill serve - /, /^$/],
    [
      [],
      2,
      /^$/,
      /^waybill: error: which command\? `waybill` has these:\n.* {4}serve .*\nwaybill: hint: waybill --help\n$/s,
    ],
    [["auth"], 2, /^$/, /which command\? `waybill auth` has these:\n.*hint: waybill auth --help\n$/s],
    [
      ["verzion"],
      2,
      /^$/,
      /^waybill: error: unknown command `waybill verzion`\nwaybill: hint: did you mean `waybill version`\?\n$/,
    ],
    [["auth", "print"], 2, /^$/, /did you mean `waybill auth print-access-token`\?/],
    [["auth", "zzzzzz"], 2, /^$/, /unknown command `waybill auth zzzzzz`\nwaybill: hint: waybill auth --help/],
    [["--quiet", "version"], 2, /^$/, /unknown flag --quiet before a command/],
    [["auth", "list", "--formt=json"], 2, /^$/, /unknown flag --formt\nwaybill: hint: did you mean --format\?/],
    [["auth", "list", "--format=xml"], 2, /^$/, /--format cannot be "xml"\nwaybill: hint: one of: json, table/],
    [
      ["auth", "list", "--format"],
      2,
      /^$/,
      /^waybill: error: .*--format.*\nwaybill: hint: waybill auth list --help\n$/,
    ],
    [["auth", "list", "extra"], 2, /^$/, /one argument too many: "extra"/],
    [["version", "-x"], 2, /^$/, /unknown flag -x/],
    [["auth", "activate-service-account"], 2, /^$/, /--key-file is missing/],
    [["auth", "print-access-token", "--lifetime=soon"], 2, /^$/, /--lifetime cannot be "soon"/],
    [
      ["auth", "print-access-token"],
      1,
      /^$/,
      /no account is active on this machine\nwaybill: hint: waybill auth activate/,
    ],
    [["auth", "revoke"], 1, /^$/, /no account is active/],
    [["auth", "configure-docker", "localhost:5000"], 1, /^$/, /no account is active/],
    [["auth", "list"], 0, /^$/, /^No account is activated/],
    [["auth", "list", "--format=json"], 0, /^\[\]\n$/, /^$/],
  ];
  for (const [argv, exitCode, stdout, stderr] of rows)
    test(`${argv.join(" ") || "alone"} exits ${exitCode}`, async () => {
      const outcome = await waybill(...argv);
      expect(outcome.exitCode).toBe(exitCode);
      expect(outcome.stdout).toMatch(stdout);
      expect(outcome.stderr).toMatch(stderr);
    });
});

describe("the command table", () => {
  const entries = function* (entry: Entry, path: string[] = []): Generator<[string[], Entry]> {
    yield [path, entry];
    if ("commands" in entry) for (const child of entry.commands) yield* entries(child, [...path, child.name]);
  };
  for (const [path, entry] of entries(root))
    test(`explains ${["waybill", ...path].join(" ")}, every option of it, within 120 columns`, async () => {
      const { exitCode, stdout } = await waybill(...path, "--help");
      expect(exitCode).toBe(0);
      expect(stdout).toStartWith(`NAME\n    ${["waybill", ...path].join(" ")} - ${entry.summary}\n\nSYNOPSIS\n`);
      if ("options" in entry)
        for (const name of Object.keys(entry.options ?? {})) expect(stdout).toContain(`--${name}`);
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
      expect(stdout).not.toMatch(/[ \t]\n|\n\n\n/);
      if ("load" in entry) expect(typeof (await entry.load()).run).toBe("function");
    });
});

test("nearMatch finds what was meant and nothing far-fetched", () => {
  const names = ["version", "serve", "setup", "auth", "configure-docker"];
  const rows: [string, string | undefined][] = [
    ["verison", "version"],
    ["serv", "serve"],
    ["configure", "configure-docker"],
    ["ath", "auth"],
    ["x", undefined],
    ["docker", undefined],
    ["", undefined],
  ];
  for (const [typed, meant] of rows) expect(nearMatch(typed, names)).toBe(meant);
});
