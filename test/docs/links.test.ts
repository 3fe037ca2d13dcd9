import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "../..");
const pages = [
  ...["README.md", "ARCHITECTURE.md", "CHANGELOG.md"],
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

/** Headings of a page as GitHub names them in links. */
function anchorsOf(file: string): string[] {
  const headings = readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test.each(pages)("%s links to files and headings that exist", (page) => {
  const text = readFileSync(join(root, page), "utf8").replaceAll(/^```.*?^```/gms, "");
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)/g)];
  const broken = links.flatMap(([, path = "", anchor]) => {
    const file = path === "" ? join(root, page) : join(root, dirname(page), path);
    if (!existsSync(file)) return [path];
    if (anchor === undefined || statSync(file).isDirectory() || anchorsOf(file).includes(anchor)) return [];
    return [`${path}#${anchor}`];
  });
  expect(broken).toEqual([]);
});

test("every page of the guide can be found from docs/README.md", () => {
  const reached = new Set<string>();
  const visit = (page: string): void => {
    if (reached.has(page) || !existsSync(join(root, page))) return;
    reached.add(page);
    const links = readFileSync(join(root, page), "utf8").matchAll(/\]\((?!https?:)([^)\s#]+\.md)/g);
    for (const [, path = ""] of links) visit(join(dirname(page), path));
  };
  visit("docs/README.md");
  const guide = pages.filter((page) => page.startsWith("docs/") && !page.startsWith("docs/decisions/"));
  expect(guide.filter((page) => !reached.has(page))).toEqual([]);
});

test("every test and source that docs/security.md names is there", () => {
  const text = readFileSync(join(root, "docs/security.md"), "utf8");
  const named = [...text.matchAll(/`((?:test|src)\/[\w./{},-]+)`/g)].flatMap(([, path = ""]) => expanded(path));
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

/** `a/{b,c}.ts` is two files. */
function expanded(path: string): string[] {
  const { before = "", choices, after = "" } = /^(?<before>.*)\{(?<choices>.*)\}(?<after>.*)$/.exec(path)?.groups ?? {};
  return choices === undefined ? [path] : choices.split(",").map((choice) => `${before}${choice}${after}`);
}
