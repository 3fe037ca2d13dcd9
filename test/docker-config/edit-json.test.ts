import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Edit, editJson } from "../../src/docker-config/edit-json.ts";

const set = (key: string, value: Edit["value"] = "waybill", object = "credHelpers"): Edit => ({
  object,
  key,
  ...(value && { value }),
});
const unset = (key: string): Edit => ({ object: "credHelpers", key });
const edit = (text: string, ...edits: Edit[]) =>
  editJson(text, text.trim() === "" ? {} : JSON.parse(text), edits, "config.json");

describe("editJson", () => {
  const rows: [what: string, before: string, edits: Edit[], after: string][] = [
    ["starts an empty file the way docker does", "", [set("h")], '{\n\t"credHelpers": {\n\t\t"h": "waybill"\n\t}\n}\n'],
    ["fills an empty object", "{}", [set("h")], '{\n\t"credHelpers": {\n\t\t"h": "waybill"\n\t}\n}'],
    ["keeps one line on one line", '{"a":1}', [set("h")], '{"a":1,"credHelpers":{"h":"waybill"}}'],
    [
      "keeps two spaces",
      '{\n  "a": 1\n}\n',
      [set("h")],
      '{\n  "a": 1,\n  "credHelpers": {\n    "h": "waybill"\n  }\n}\n',
    ],
    [
      "keeps the line ends of Windows",
      '{\r\n\t"a": 1\r\n}',
      [set("h")],
      '{\r\n\t"a": 1,\r\n\t"credHelpers": {\r\n\t\t"h": "waybill"\r\n\t}\r\n}',
    ],
    [
      "adds beside others",
      '{"credHelpers":{"x":"y"},"z":0}',
      [set("h")],
      '{"credHelpers":{"x":"y","h":"waybill"},"z":0}',
    ],
    [
      "replaces in place",
      '{ "credHelpers" : { "h" : "gcr" , "x":"y" } }',
      [set("h")],
      '{ "credHelpers" : { "h" : "waybill" , "x":"y" } }',
    ],
    [
      "fills an object that is there but empty",
      '{\n  "credHelpers": {},\n  "a": 1\n}',
      [set("h")],
      '{\n  "credHelpers": {\n    "h": "waybill"\n  },\n  "a": 1\n}',
    ],
    ["treats null like nothing", '{"credHelpers":null}', [set("h")], '{"credHelpers":{"h":"waybill"}}'],
    ["makes several edits", '{"a":1}', [set("h"), set("i"), unset("h")], '{"a":1,"credHelpers":{"i":"waybill"}}'],
    [
      "writes an object as a value",
      '{\n  "a": 1\n}',
      [set("h", { auth: "x" }, "auths")],
      '{\n  "a": 1,\n  "auths": {\n    "h": {\n      "auth": "x"\n    }\n  }\n}',
    ],
    [
      "replaces an object as a value",
      '{"auths":{"h":{"auth":"old","email":"e"}}}',
      [set("h", { auth: "x" }, "auths")],
      '{"auths":{"h":{"auth":"x"}}}',
    ],
    ["removes the first", '{"credHelpers":{"h":"a", "i":"b"}}', [unset("h")], '{"credHelpers":{"i":"b"}}'],
    ["removes the last", '{"credHelpers":{"h":"a", "i":"b"}}', [unset("i")], '{"credHelpers":{"h":"a"}}'],
    [
      "removes the object with its only entry",
      '{"a":1,\n"credHelpers":{"h":"a"},"b":2}',
      [unset("h")],
      '{"a":1,"b":2}',
    ],
    ["escapes a key", "{}", [set('"\\')], '{\n\t"credHelpers": {\n\t\t"\\"\\\\": "waybill"\n\t}\n}'],
    [
      "takes __proto__ for a key like any other",
      '{"a":1}',
      [set("__proto__")],
      '{"a":1,"credHelpers":{"__proto__":"waybill"}}',
    ],
    [
      "leaves numbers as they are spelled",
      '{"n":1.0e+05,"big":12345678901234567890}',
      [set("h")],
      '{"n":1.0e+05,"big":12345678901234567890,"credHelpers":{"h":"waybill"}}',
    ],
    [
      "changes nothing that is so already",
      '{ "credHelpers":{"h":"waybill"} }',
      [set("h"), unset("i")],
      '{ "credHelpers":{"h":"waybill"} }',
    ],
  ];
  for (const [what, before, edits, after] of rows) test(what, () => expect(edit(before, ...edits)).toBe(after));

  test("refuses an object that is none, and a key that stands twice where it would matter", () => {
    expect(() => edit('{"credHelpers":[]}', set("h"))).toThrow(/not an object/);
    expect(() => edit('{"credHelpers":{"h":"a","h":"b","i":"c"}}', unset("h"))).toThrow(/edited safely/);
    expect(edit('{"credHelpers":{"h":"a","h":"b"}}', set("h"))).toBe('{"credHelpers":{"h":"a","h":"waybill"}}');
  });
});

describe("editJson, whatever the file", () => {
  const host = fc.constantFrom("gcr.io", "localhost:5000", "eu.gcr.io", "registry.example.com");
  const helper = fc.constantFrom("gcr", "waybill", "osxkeychain");
  const file = fc.record(
    {
      auths: fc.dictionary(host, fc.record({ auth: fc.string() })),
      credHelpers: fc.dictionary(host, helper, { minKeys: 1 }),
      other: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const layout = fc.constantFrom(undefined, 2, 4, "\t", " ");
  const lineEnd = fc.constantFrom("\n", "\r\n");
  const format = (value: unknown, indent: string | number | undefined, end: string) =>
    JSON.stringify(value, undefined, indent).replaceAll("\n", end);

  test("gives what a JSON library would, in the layout of the file", () => {
    fc.assert(
      fc.property(file, layout, lineEnd, host, helper, (value, indent, end, key, name) => {
        // An empty object says nothing about where its entries would go.
        fc.pre(JSON.stringify(value) !== "{}");
        const expected = { ...value, credHelpers: { ...value.credHelpers, [key]: name } };
        expect(edit(format(value, indent, end), set(key, name))).toBe(format(expected, indent, end));
      }),
    );
  });

  test("undoes to the very bytes what it did", () => {
    fc.assert(
      fc.property(file, layout, lineEnd, host, (value, indent, end, key) => {
        fc.pre(value.credHelpers?.[key] === undefined);
        const before = format(value, indent, end);
        expect(edit(edit(before, set(key)), unset(key))).toBe(before);
      }),
    );
  });

  test("keeps every other byte in its order", () => {
    fc.assert(
      fc.property(fc.json(), fc.array(fc.constantFrom(" ", "\n", "\t"), { maxLength: 4 }), host, (json, space, key) => {
        const before = `{${space.join("")}"other"${space.join("")}:${json}${space.join("")}}`;
        const after = edit(before, set(key));
        const [start, rest] = [before.slice(0, before.lastIndexOf(json) + json.length), space.join("")];
        expect(after.startsWith(start)).toBe(true);
        expect(after.endsWith(`${rest}}`)).toBe(true);
        expect(JSON.parse(after).credHelpers).toEqual({ [key]: "waybill" });
      }),
    );
  });
});
