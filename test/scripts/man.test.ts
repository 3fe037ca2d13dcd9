import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manPages } from "../../scripts/man.ts";
import { manPage } from "../../scripts/man-page.ts";
import type { Entry } from "../../src/cli/command.ts";
import { root } from "../../src/cli/commands.ts";
import { clientTest } from "../clients/client-test.ts";

// Other programs on a busy machine take their time.
setDefaultTimeout(60_000);

const pages = await manPages(new Date(0));

async function withPages(run: (files: string[]) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "waybill-man-"));
  try {
    const files = [...pages].map(([name, text]) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    });
    await run(files);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function say(command: string[]): Promise<string> {
  // Without a locale of UTF-8 man warns of every character that it has to spell.
  const env = { ...process.env, MANWIDTH: "100", LC_ALL: "C.UTF-8" };
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe", env });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return stdout + stderr;
}

function namesOf(entry: Entry, path = "waybill"): string[] {
  return [
    path,
    ...("commands" in entry ? entry.commands.flatMap((inner) => namesOf(inner, `${path}-${inner.name}`)) : []),
  ];
}

describe("manual pages", () => {
  test("are there for every command", () => {
    expect([...pages.keys()].sort()).toEqual(
      [...namesOf(root), "docker-credential-waybill"].map((name) => `${name}.1`).sort(),
    );
  });

  test("name only pages that are there", () => {
    const named = [...pages.values()].flatMap((text) =>
      [...text.matchAll(/^\.BR (\S+) \(1\)/gm)].map(([, name]) => name),
    );
    for (const name of new Set(named)) expect(pages.has(`${name?.replaceAll("\\-", "-")}.1`)).toBe(true);
  });

  test("carry a date that they are given, and nothing of this machine", () => {
    for (const text of pages.values()) expect(text).toStartWith(".TH ");
    expect(pages.get("waybill.1")).toContain(' 1 1970-01-01 "waybill ');
  });

  test("have a line of their own for each setting of waybill serve", () => {
    const serve = pages.get("waybill-serve.1") ?? "";
    expect(serve).toMatch(/\.TP\n\.B "\\-\\-scrub\\-days[^"]*"\ndays within which/);
  });

  test("keep roff's own signs", () => {
    const page = manPage("x", "NAME\n    x - y\n\nDESCRIPTION\n    .a\\b 'c'\n    'd' `e`\n", [], {
      version: "1",
      date: "d",
    });
    expect(page).toContain("\\&.a\\eb 'c'\n\\&'d' \\(gae\\(ga");
  });

  clientTest("have nothing that mandoc warns of", ["mandoc"], () =>
    withPages(async (files) => expect(await say(["mandoc", "-T", "lint", "-W", "warning", ...files])).toBe("")),
  );

  clientTest("are shown by man without a warning", ["man"], () =>
    withPages(async (files) => {
      const wanted = files.filter((file) => /(?:waybill|waybill-serve|waybill-auth-login)\.1$/.test(file));
      const said = await say(["man", "--warnings", "--local-file", "--pager=cat", ...wanted]);
      expect(said).not.toMatch(/:\d+: warning/);
      expect(said.replaceAll(/\s+/g, " ")).toContain("--push let docker push with it");
    }),
  );
});
