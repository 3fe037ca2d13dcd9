import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseDigest } from "../../src/registry/digest.ts";
import { parseReference } from "../../src/registry/reference.ts";
import { RegistryError } from "../../src/registry/registry-error.ts";
import { parseRepository } from "../../src/registry/repository.ts";

const code = (parse: () => unknown): string => {
  try {
    parse();
    return "parsed";
  } catch (error) {
    if (error instanceof RegistryError) return error.code;
    throw error;
  }
};

describe("parseRepository", () => {
  const good: [path: string, project: string, image: string][] = [
    ["demo/app", "demo", "app"],
    ["demo/team/app", "demo", "team/app"],
    ["example.com/demo/app", "example.com:demo", "app"],
    ["example.com/demo/team/app", "example.com:demo", "team/app"],
    ["demo/manifests/blobs/tags/list", "demo", "manifests/blobs/tags/list"],
    ["demo/a__b.c-d---e", "demo", "a__b.c-d---e"],
    [`demo/${"a".repeat(250)}`, "demo", "a".repeat(250)],
  ];
  test.each(good)("reads %s", (path, project, image) => {
    expect(parseRepository(path, "here") as unknown).toEqual({ location: "here", project, image, path });
  });

  const bad = [
    "",
    "demo",
    "example.com/demo",
    "/demo/app",
    "demo/app/",
    "demo//app",
    "demo/..",
    "../demo/app",
    "demo/../app",
    "demo/./app",
    "demo/%2e%2e/app",
    "demo/a%2fb",
    "Demo/app",
    "demo/App",
    "demo/a b",
    "demo/a\nb",
    "demo/a\0b",
    "demo/a\\b",
    "demo/-a",
    "demo/a-",
    "demo/a..b",
    "demo/a___b",
    "demo/ä",
    "demo/а",
    "demo/a․b",
    `demo/${"a".repeat(251)}`,
    "demo/a:b",
    "demo/a@b",
    "demo/a?b",
    "demo/a#b",
  ];
  test.each(bad)("refuses %p", (path) => {
    expect(code(() => parseRepository(path, "here"))).toBe("NAME_INVALID");
  });

  test("takes nothing that could climb, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z./%_-]{0,40}$/)),
        (text) => {
          if (code(() => parseRepository(text, "here")) !== "parsed") return;
          expect(text).toMatch(/^[a-z0-9]/);
          expect(text.split("/")).not.toContain("..");
          expect(text).not.toMatch(/[^a-z0-9._/-]/);
        },
      ),
    );
  });
});

describe("parseReference", () => {
  const hex = "0123456789abcdef".repeat(4);
  const rows: [text: string, result: string][] = [
    ["latest", "parsed"],
    ["_1.0-x", "parsed"],
    ["a".repeat(128), "parsed"],
    [`sha256:${hex}`, "parsed"],
    [`sha512:${hex}${hex}`, "parsed"],
    ["", "TAG_INVALID"],
    [".hidden", "TAG_INVALID"],
    ["-x", "TAG_INVALID"],
    ["a/b", "TAG_INVALID"],
    ["a b", "TAG_INVALID"],
    ["ä", "TAG_INVALID"],
    ["a".repeat(129), "TAG_INVALID"],
    [`sha256:${hex.toUpperCase()}`, "DIGEST_INVALID"],
    [`sha256:${hex.slice(1)}`, "DIGEST_INVALID"],
    [`sha512:${hex}`, "DIGEST_INVALID"],
    [`md5:${"0".repeat(32)}`, "DIGEST_INVALID"],
    ["sha256:../../../../etc/passwd", "DIGEST_INVALID"],
    ["sha256:", "DIGEST_INVALID"],
    [`sha256:${hex}\n`, "DIGEST_INVALID"],
  ];
  test.each(rows)("answers %p with %s", (text, result) => {
    expect(code(() => parseReference(text))).toBe(result);
  });

  test("repeats no more than a little of a hostile digest", () => {
    const message = (() => {
      try {
        parseDigest("x".repeat(100_000));
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    })();
    expect(message.length).toBeLessThan(200);
  });
});
