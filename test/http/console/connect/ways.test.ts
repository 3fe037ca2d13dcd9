import { describe, expect, test } from "bun:test";
import { parseArgs } from "node:util";
import type { Command, Entry } from "../../../../src/cli/command.ts";
import { root } from "../../../../src/cli/commands.ts";
import { type Tool, tools, type WayNames, waysOf } from "../../../../src/http/console/connect/ways.ts";

const names: WayNames = {
  host: "registry.example",
  origin: "https://registry.example",
  image: "registry.example/shop/app",
  account: "pusher@shop.iam.waybill.internal",
};
const all = Object.keys(tools) as Tool[];

/** Every `waybill …` in a text, in words; what a shell joins is one line. */
function invocations(text: string): string[][] {
  const lines = text.replaceAll("\\\n", " ");
  return [...lines.matchAll(/(?<![\w-])waybill ((?!\\)[^|)\n]*)/g)]
    .map(([, rest = ""]) => rest.trim().replace(/"$/, "").split(/\s+/))
    .filter(([first]) => root.commands.some(({ name }) => name === first));
}

function commandOf(words: readonly string[]): { command: Command; rest: string[] } {
  let entry: Entry = root;
  let rest = [...words];
  while ("commands" in entry) {
    const found: Entry | undefined = entry.commands.find(({ name }) => name === rest[0]);
    if (!found) throw new Error(`there is no command ${words.join(" ")}`);
    entry = found;
    rest = rest.slice(1);
  }
  return { command: entry, rest };
}

describe("Connect", () => {
  test.each(all)("shows five ways, each other than the rest, in the server's own names: %s", (tool) => {
    const ways = waysOf(tool, names);
    expect(ways).toHaveLength(5);
    expect(new Set(ways.map(({ title }) => title)).size).toBe(5);
    expect(new Set(ways.map(({ commands }) => commands)).size).toBe(5);
    for (const { commands } of ways) {
      expect(commands).not.toMatch(/localhost|undefined|\[object/);
      expect(commands + names.origin).toContain("registry.example");
    }
    // The key as a password comes last, wherever it is.
    const withKey = ways.map(({ commands }) => /_json_key/.test(commands));
    expect(withKey).toEqual([false, false, false, false, true]);
  });

  test.each(all)("shows commands that this program has, with flags that they take: %s", (tool) => {
    const found = waysOf(tool, names).flatMap(({ commands }) => invocations(commands));
    if (tool !== "kubernetes") expect(found.length).toBeGreaterThan(0);
    for (const words of found) {
      const { command, rest } = commandOf(words);
      if (command.rawArguments) continue;
      const parse = () =>
        parseArgs({ args: rest, options: command.options ?? {}, allowPositionals: true, strict: true });
      expect(parse).not.toThrow();
    }
  });

  test("a person signs in; only an account has a key file", () => {
    const [first] = waysOf("docker", { ...names, account: undefined });
    expect(first?.commands).toStartWith("waybill auth login --push registry.example\n");
    expect(waysOf("docker", names)[0]?.commands).toContain("--key-file=key.json");
  });
});
