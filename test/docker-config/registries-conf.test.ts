import { describe, expect, test } from "bun:test";
import { addRegistriesHelper, helpersIn, removeRegistriesHelper } from "../../src/docker-config/registries-conf.ts";

const add = (text: string, inherited: string[] = []) => addRegistriesHelper(text, "waybill", inherited, "r.conf");
const remove = (text: string) => removeRegistriesHelper(text, "waybill", "r.conf");
const line = 'credential-helpers = ["containers-auth.json", "waybill"]\n';

describe("a helper in registries.conf", () => {
  const rows: [what: string, before: string, after: string][] = [
    ["starts a file", "", line],
    ["comes before the first table", '[[registry]]\nlocation = "x"\n', `${line}[[registry]]\nlocation = "x"\n`],
    [
      "comes after the others",
      'a = 1\ncredential-helpers = ["pass"] # mine\nb = 2\n',
      'a = 1\ncredential-helpers = ["pass", "waybill"]\nb = 2\n',
    ],
    [
      "comes into a list of several lines",
      'credential-helpers = [\n  "pass",\n]\n',
      'credential-helpers = ["pass", "waybill"]\n',
    ],
    ["is there already", 'credential-helpers=["waybill"]', 'credential-helpers=["waybill"]'],
    [
      "is no table's of that name",
      '[x]\nother-credential-helpers = ["a"]\n',
      `${line}[x]\nother-credential-helpers = ["a"]\n`,
    ],
  ];
  for (const [what, before, after] of rows) test(what, () => expect(add(before)).toBe(after));

  test("keeps those that the file would hide", () => {
    expect(add("", ["pass", "containers-auth.json"])).toBe(
      'credential-helpers = ["pass", "containers-auth.json", "waybill"]\n',
    );
  });

  test("goes again, and with it what it had brought", () => {
    expect(remove(line)).toBeUndefined();
    expect(remove(add("a = 1\n"))).toBe("a = 1\n");
    expect(remove('credential-helpers = ["pass", "waybill"]\n')).toBe('credential-helpers = ["pass"]\n');
    expect(remove("a = 1\n")).toBe("a = 1\n");
  });

  for (const text of ["credential-helpers = ", '[t]\ncredential-helpers = ["a"]\n', "\u0000"])
    test(`leaves ${JSON.stringify(text)} alone`, () => expect(() => add(text)).toThrow(/edited safely/));
});

test("helpersIn reads what a file names", () => {
  expect(helpersIn('credential-helpers = ["a", "b"]')).toEqual(["a", "b"]);
  expect(helpersIn("credential-helpers = 1")).toEqual([]);
  expect(helpersIn("= broken")).toEqual([]);
});
