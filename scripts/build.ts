// npm run build: dist/waybill, one executable with everything in it, and dist/docker-credential-waybill, a link to it.
// `node bin/bun.js scripts/build.ts FOLDER` builds elsewhere.
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { compile } from "./compile.ts";

const folder = resolve(process.argv[2] ?? join(import.meta.dir, "../dist"));
const suffix = process.platform === "win32" ? ".exe" : "";
const executable = `waybill${suffix}`;

mkdirSync(folder, { recursive: true });
await compile(join(folder, executable));

const link = join(folder, `docker-credential-waybill${suffix}`);
rmSync(link, { force: true });
symlinkSync(executable, link);
console.error(`${join(folder, executable)}\n${link} -> ${executable}`);
