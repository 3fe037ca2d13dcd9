import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import fc from "fast-check";
import { npmRegistries, withTokens } from "../../src/cli/auth/npmrc-text.ts";
import { Secret } from "../../src/sources/secret.ts";
import { claimsOf, email, Home } from "../helper/home.ts";

/** A home with an account for localhost:5000, and a project's folder in it. */
async function prepared(project = ""): Promise<Home> {
  const home = new Home();
  await home.activate();
  mkdirSync(home.path("project"));
  if (project !== "") home.write("project/.npmrc", project);
  return home;
}

const npmrc = (home: Home, ...argv: string[]) =>
  home.waybill(["auth", "npmrc", ...argv], { cwd: home.path("project") });
const tokenIn = (text: string, key: string) =>
  text
    .split(/\r?\n/)
    .find((line) => line.startsWith(`${key}=`))
    ?.slice(key.length + 1) ?? "";

describe("waybill auth npmrc", () => {
  test("gives the registries of the project's file a token in the user's file, readable by its owner only", async () => {
    using home = await prepared(
      "@mine:registry=http://localhost:5000/demo/npm\nregistry=https://registry.npmjs.org/\n",
    );
    const { exitCode, stdout, stderr } = await npmrc(home);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toMatch(/^http:\/\/localhost:5000\/demo\/npm has a token until \S+Z\.\n$/);
    const text = home.read(".npmrc");
    expect(text).toMatch(/^\/\/localhost:5000\/demo\/npm\/:_authToken=\S+\n$/);
    expect(claimsOf(tokenIn(text, "//localhost:5000/demo/npm/:_authToken")).claims.iss).toBe(email);
    expect(home.mode(".npmrc")).toBe("600");
    expect(stderr + stdout).not.toContain("eyJ");
  });

  test("keeps every other byte of the file, renews its own line where it stands, and closes the file to others", async () => {
    using home = await prepared();
    const before = [
      "; mine",
      "@mine:registry = http://localhost:5000/demo/npm/\r",
      "\t//localhost:5000/demo/npm/:_authToken = old\r",
      "//registry.npmjs.org/:_authToken=npm_hush",
      "  color=always # ü",
      "[section]",
      "no newline at the end",
    ].join("\n");
    home.write(".npmrc", before, 0o644);
    expect((await npmrc(home)).exitCode).toBe(0);
    const after = home.read(".npmrc");
    const token = /_authToken = (\S+)\r/.exec(after)?.[1] ?? "";
    expect(claimsOf(token).claims.iss).toBe(email);
    expect(after.replace(token, "old")).toBe(before);
    expect(home.mode(".npmrc")).toBe("600");
    expect(readdirSync(home.folder).filter((name) => name.startsWith(".npmrc"))).toEqual([".npmrc"]);
  });

  test("leaves a line that takes its token from a variable, and a symbolic link in the file's place", async () => {
    using home = await prepared();
    const text = `registry=http://localhost:5000/p\n//localhost:5000/p/:_authToken=\${NPM_TOKEN}\n`;
    symlinkSync(home.write("dotfiles/npmrc", text), home.path(".npmrc"));
    expect((await npmrc(home)).exitCode).toBe(0);
    expect(home.read(".npmrc")).toBe(text);
    expect(lstatSync(home.path(".npmrc")).isSymbolicLink()).toBe(true);
  });

  test("takes registries and files by name", async () => {
    using home = await prepared();
    const argv = ["--registry=http://127.0.0.1:5000/a,http://localhost:5000/b/", `--npmrc=${home.path("other")}`];
    expect((await npmrc(home, ...argv)).exitCode).toBe(0);
    expect(home.read("other").match(/_authToken=/g)).toHaveLength(2);
    expect(home.has(".npmrc")).toBe(false);
  });

  const refused: [string, string[], number, RegExp][] = [
    ["no registry is named", [], 1, /no registry of npm's configuration/],
    ["none is configured", ["--registry=https://registry.npmjs.org/"], 1, /no registry of npm's configuration/],
    [
      "it would travel in clear",
      ["--registry=http://europe-npm.pkg.dev/p/r/"],
      1,
      /no registry of npm's configuration/,
    ],
    ["it is no URL", ["--registry=europe-npm.pkg.dev"], 2, /is not a registry's URL/],
  ];
  for (const [why, argv, exitCode, message] of refused)
    test(`writes nothing when ${why}`, async () => {
      using home = await prepared();
      const outcome = await npmrc(home, ...argv);
      expect(outcome.exitCode).toBe(exitCode);
      expect(outcome.stderr).toMatch(message);
      expect(home.has(".npmrc")).toBe(false);
    });

  test("leaves a file that is not UTF-8 as it is", async () => {
    using home = await prepared();
    await Bun.write(home.path(".npmrc"), Buffer.from("registry=http://localhost:5000/\n; \xff\n", "latin1"));
    const { exitCode, stderr } = await npmrc(home);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("is not UTF-8");
    expect(await Bun.file(home.path(".npmrc")).bytes()).toHaveLength(36);
  });

  test("many at once leave one whole file", async () => {
    using home = await prepared("registry=http://localhost:5000/\n");
    home.write(".npmrc", "keep=1\n");
    await Promise.all(Array.from({ length: 8 }, () => npmrc(home)));
    expect(home.read(".npmrc")).toMatch(/^keep=1\n\/\/localhost:5000\/:_authToken=\S+\n$/);
  });
});

describe("npm's configuration as text", () => {
  const registry = new URL("https://europe-npm.pkg.dev/my-project/my-repository/");
  const token = { registry, token: new Secret("fresh"), expiresAt: undefined };

  test("npmRegistries finds what npm would use, and no comment", () => {
    const text =
      "#registry=https://a.test/\n;registry=https://b.test\n@s:registry=https://c.test/x\nregistry = 'https://d.test'\r\n@t:registry=https://c.test/x/\nx=registry=https://e.test";
    expect(npmRegistries(text).map(({ href }) => href)).toEqual(["https://c.test/x/", "https://d.test/"]);
  });

  test("withTokens changes its own line and nothing else, whatever else is there", () => {
    const line = fc.oneof(fc.string(), fc.constantFrom("a=b", "", "; c", "//other.test/:_authToken=hush"));
    const lines = fc.array(line.map((each) => each.replaceAll(/[\r\n]/g, "")));
    fc.assert(
      fc.property(lines, fc.constantFrom("\n", "\r\n"), (before, end) => {
        const text = before.join(end);
        const once = withTokens(text, [token]);
        expect(once.startsWith(text)).toBe(true);
        expect(once.slice(text.length).trim()).toBe("//europe-npm.pkg.dev/my-project/my-repository/:_authToken=fresh");
        const again = withTokens(once, [{ ...token, token: new Secret("$& newer") }]);
        expect(again).toBe(once.replace(/=fresh(\r?\n)$/, (_, last) => `=$& newer${last}`));
      }),
    );
  });
});
