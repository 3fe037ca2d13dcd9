// npm run build: dist/waybill, one executable with everything in it, and dist/docker-credential-waybill, a link to it.
// `node bin/bun.js scripts/build.ts FOLDER` builds elsewhere.
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { pieces } from "./pieces.ts";

// What runs on a thread of its own is a program of its own.
const workers = ["src/registry/hash-worker.ts"];

const folder = resolve(process.argv[2] ?? join(import.meta.dir, "../dist"));
const suffix = process.platform === "win32" ? ".exe" : "";
const executable = `waybill${suffix}`;

process.chdir(join(import.meta.dir, ".."));
mkdirSync(folder, { recursive: true });
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
    outfile: join(folder, executable),
    // Without these a .env or bunfig.toml in the current folder would run inside the credential helper.
    autoloadDotenv: false,
    autoloadBunfig: false,
  },
});

const link = join(folder, `docker-credential-waybill${suffix}`);
rmSync(link, { force: true });
symlinkSync(executable, link);
console.error(`${join(folder, executable)}\n${link} -> ${executable}`);
