import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { configHelp, configReference } from "../../src/config/config-reference.ts";
import { sections, settings } from "../../src/config/settings.ts";

test("docs/configuration.md is what `waybill config docs` prints", () => {
  const page = readFileSync(join(import.meta.dir, "../../docs/configuration.md"), "utf8");
  expect(page).toBe(configReference());
});

test("every setting has a section, a sentence, and a line in the help", () => {
  const inSections = Object.values(sections).flatMap((section) => Object.keys(section));
  expect(inSections.sort()).toEqual(Object.keys(settings.shape).sort());
  for (const [name, type] of Object.entries(settings.shape)) {
    expect(type.description, name).toMatch(/^.{10,}$/);
    expect(configHelp()).toContain(`--${name} `);
  }
});
