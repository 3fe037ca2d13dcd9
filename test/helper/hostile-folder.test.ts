// The helper runs in whatever folder docker was called in, which may be somebody else's repository. This builds the
// executable and starts it in a folder that holds everything that Bun can be made to load from the current folder.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { claimsOf, email, Home, keyFields } from "./home.ts";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const imported = ["jose", "jsonc-parser", "zod", "hono", "pino", "kysely"];

let home: Home;
beforeAll(async () => {
  home = new Home();
  const script = join(repository, "scripts/build.ts");
  const built = await home.run([process.execPath, script, home.path("bin")], { cwd: repository });
  expect(built.exitCode, built.stderr).toBe(0);
  layTraps(home);
  const activate = [
    "auth",
    "activate-service-account",
    `--key-file=${home.write("key.json", JSON.stringify(keyFields()))}`,
  ];
  const activated = await home.run([home.path("bin/waybill"), ...activate], { cwd: home.path("hostile") });
  expect(activated.exitCode, activated.stderr).toBe(0);
}, 60_000);
afterAll(() => home[Symbol.dispose]());

/** Each leaves its name in `ran` if it ever runs, or leads to accounts of the attacker's. */
function layTraps(home: Home): void {
  const trap = (name: string) =>
    `require("node:fs").appendFileSync(${JSON.stringify(home.path("ran"))}, ${JSON.stringify(`${name}\n`)});\n`;
  const evil = ["WAYBILL_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HOME", "WAYBILL_KEY_FILE"];
  const variables = evil.map((name) => `${name}=${home.path("hostile/evil")}\n`).join("");
  for (const name of [".env", ".env.local", ".env.production", ".env.development"])
    home.write(
      `hostile/${name}`,
      `${variables}BUN_OPTIONS=--preload=./preload.js\nNODE_OPTIONS=--require=./preload.js\n`,
    );
  home.write("hostile/preload.js", trap("preload"));
  home.write("hostile/bunfig.toml", `preload = ["./preload.js"]\n[run]\npreload = ["./preload.js"]\n`);
  home.write(
    "hostile/package.json",
    JSON.stringify({ type: "commonjs", imports: { "#*": "./preload.js" }, main: "./preload.js" }),
  );
  home.write(
    "hostile/tsconfig.json",
    JSON.stringify({ compilerOptions: { paths: { "*": ["./preload.js"] }, jsx: "react" } }),
  );
  home.write("hostile/src/main.ts", trap("main.ts"));
  home.write("hostile/docker-credential-waybill", `#!/bin/sh\necho program >> ${home.path("ran")}\n`, 0o755);
  for (const name of [...imported, "bun", "node:fs", "fs", "path"]) {
    home.write(`hostile/node_modules/${name}/index.js`, trap(name));
    home.write(`hostile/node_modules/${name}/package.json`, JSON.stringify({ name, main: "index.js" }));
  }
}

describe("the helper in a hostile folder", () => {
  const ways: [string, () => string[]][] = [
    ["by its absolute path", () => [home.path("bin/docker-credential-waybill")]],
    ["by its name on PATH", () => ["/bin/sh", "-c", 'exec docker-credential-waybill "$@"', "sh"]],
    ["from source", () => [Bun.which("node") ?? "node", join(repository, "bin/docker-credential-waybill.js")]],
  ];
  for (const [way, command] of ways)
    test(`started ${way} answers from the user's own settings and runs nothing of the folder`, async () => {
      const run = (argv: string[], input = "") =>
        home.run([...command(), ...argv], { input, cwd: home.path("hostile") });
      for (const attempt of ["signed", "cached"]) {
        const { exitCode, stdout, stderr } = await run(["get"], "localhost:5000");
        expect({ attempt, exitCode, stderr }).toEqual({ attempt, exitCode: 0, stderr: "" });
        expect(claimsOf(JSON.parse(stdout).Secret).claims.iss).toBe(email);
      }
      expect((await run(["get"], "gcr.io")).stdout).toBe("credentials not found in native keychain\n");
      expect((await run(["list"], "unused")).exitCode).toBe(0);
      expect((await run(["store"], "{}")).exitCode).toBe(1);
      expect((await run(["configure-docker", "--dry-run"])).exitCode).toBe(0);
      expect(home.has("ran") ? home.read("ran") : "nothing ran").toBe("nothing ran");
    });

  test("is reached by a link of any such name", async () => {
    symlinkSync("waybill", home.path("bin/docker-credential-other"));
    const { stdout } = await home.run([home.path("bin/docker-credential-other"), "version"]);
    expect(stdout).toBe("docker-credential-other 0.1.0\n");
    expect((await home.run([home.path("bin/waybill"), "version"])).stdout).toBe("waybill 0.1.0\n");
  });

  test("carries no path of the machine that it was built on", async () => {
    expect(readFileSync(home.path("bin/waybill")).includes(repository)).toBe(false);
  });
});
