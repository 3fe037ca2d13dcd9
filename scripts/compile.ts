import { join } from "node:path";
import { pieces } from "./pieces.ts";

/** What runs on a thread of its own is a program of its own. */
const workers = ["src/registry/hash-worker.ts"];

/**
 * Makes one executable with everything in it.
 *
 * @param outfile where
 * @param bun Bun's executable for another machine, and what Bun calls that machine: `bun-darwin-arm64`
 */
export async function compile(outfile: string, bun?: { path: string; target: string }): Promise<void> {
  process.chdir(join(import.meta.dir, ".."));
  await Bun.build({
    entrypoints: ["src/main.ts", ...workers],
    ...pieces,
    bytecode: true, // The credential helper starts in 5 ms: what it runs need not be parsed.
    define: {
      // CommonJS modules would carry the folders of the machine that built them, and look for files there.
      __dirname: JSON.stringify("/$bunfs/root"),
      __filename: JSON.stringify("/$bunfs/root/waybill"),
    },
    compile: {
      outfile,
      ...(bun && { executablePath: bun.path, target: bun.target as "bun-linux-x64" }),
      // Without these a .env or bunfig.toml in the current folder would run inside the credential helper.
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  });
}
