// How the program is cut into pieces, each of which is loaded when something in it is needed for the first time.
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { BuildConfig, BunPlugin } from "bun";

const source = join(import.meta.dir, "../src");

/** What the credential helper loads before it answers from its cache: docker waits for each of these, and a new one needs a reason. */
export const cachedPath: readonly string[] = [
  "helper/get.ts",
  "helper/input.ts",
  "helper/run.ts",
  "helper/standard-output.ts",
  "main.ts",
  "sources/context.ts",
  "sources/email.ts",
  "sources/failure.ts",
  "sources/google.ts",
  "sources/paths.ts",
  "sources/registry-credential.ts",
  "sources/registry-host.ts",
  "sources/scope.ts",
  "sources/secret.ts",
  "sources/settings.ts",
  "sources/token-cache.ts",
  "sources/token-plan.ts",
  "sources/token-source.ts",
];

/**
 * Puts these files into one piece. The bundler makes a piece of the files that the same entries need: that would be fourteen
 * here, and each takes a start some microseconds. So each of the files is made to need all the others.
 */
const inOnePiece: BunPlugin = {
  name: "the cached path in one piece",
  setup(build) {
    const files = cachedPath.filter((file) => file !== "main.ts").map((file) => join(source, file));
    build.onLoad({ filter: /[/\\]src[/\\](?:helper|sources)[/\\][\w-]+\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      // Relative: where the sources lie must make no difference to what is built.
      const imports = files.map((file) => `import ${JSON.stringify(`./${relative(dirname(path), file)}`)};`).join(" ");
      return { loader: "ts", contents: files.includes(path) ? `${text}\n${imports}\n` : text };
    });
  },
};

/** Heavy modules stand behind a dynamic import and become pieces of their own. */
export const pieces = {
  target: "bun",
  format: "esm",
  minify: true,
  splitting: true,
  minChunkSize: 16 * 1024,
  plugins: [inOnePiece],
} satisfies Partial<BuildConfig>;
