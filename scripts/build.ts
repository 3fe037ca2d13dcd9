// npm run build: dist/waybill, one executable with everything in it, and dist/docker-credential-waybill, a link to it.
// `node bin/bun.js scripts/build.ts FOLDER` builds elsewhere.
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

// Each has its reason. Bytecode and splitting: the credential helper starts in 5 ms and loads only what it runs, in as few
// pieces as that allows. The autoload flags: without them a .env or bunfig.toml in the current folder would run inside the credential helper.
const flags = [
  "--compile",
  "--minify",
  "--bytecode",
  "--splitting",
  "--min-chunk-size=16384",
  "--format=esm",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  // CommonJS modules would carry the folders of the machine that built them, and look for files there.
  "--define=__dirname='/$bunfs/root'",
  "--define=__filename='/$bunfs/root/waybill'",
];

// What runs on a thread of its own is a program of its own.
const workers = ["src/registry/hash-worker.ts"];

const root = join(import.meta.dir, "..");
const folder = process.argv[2] ?? join(root, "dist");
const suffix = process.platform === "win32" ? ".exe" : "";
const executable = `waybill${suffix}`;

mkdirSync(folder, { recursive: true });
const build = Bun.spawnSync(
  [process.execPath, "build", "src/main.ts", ...workers, ...flags, "--outfile", join(folder, executable)],
  { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
);
if (!build.success) process.exit(build.exitCode);

const link = join(folder, `docker-credential-waybill${suffix}`);
rmSync(link, { force: true });
symlinkSync(executable, link);
console.error(`${join(folder, executable)}\n${link} -> ${executable}`);
