#!/usr/bin/env node
// Runs the Bun that npm installed. Its executable lies in the platform's package, @oven/bun-*; npm's install script, where
// it may run, moves it from there to where the launcher of `npm ci --ignore-scripts` is only a stub.
import { spawn } from "node:child_process";
import { realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, devNull } from "node:os";
import { fileURLToPath } from "node:url";

const executable = process.platform === "win32" ? "bun.exe" : "bun";
const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}`;

const platforms = ["", "-musl", "-baseline", "-musl-baseline"].map((variant) => `@oven/bun-${platform}${variant}`);
const places = [...platforms.map((name) => `${name}/bin/${executable}`), "bun/bin/bun.exe"];
/** The stub has half a kilobyte. */
const executableBytesMin = 1_000_000;

/** The path of Bun's executable, or undefined where npm installed none for this machine. */
export function findBun() {
  const { resolve } = createRequire(import.meta.url);
  return places
    .map((place) => resolved(resolve, place))
    .find((path) => path && statSync(path).size > executableBytesMin);
}

function resolved(resolve, place) {
  try {
    return resolve(place);
  } catch {
    return undefined;
  }
}

/** Runs Bun with these arguments in this process's place: its streams, its signals, its exit code. */
export function runBun(args) {
  const bun = findBun();
  if (!bun) {
    console.error(`waybill: error: no Bun for ${platform} in node_modules\nwaybill: hint: npm ci --include=optional`);
    process.exit(1);
  }
  // Blobs that pass through from S3 are requests of ours: 256 slow clients must not keep the others from it.
  const env = { BUN_CONFIG_MAX_HTTP_REQUESTS: "8192", ...process.env };
  const child = spawn(bun, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/**
 * Runs the program from source. Whatever the current folder tells Bun to load (.env, bunfig.toml, tsconfig.json) is not
 * loaded, as in the executable: this program hands out credentials.
 */
export function runMain(args) {
  const [main, tsconfig] = ["../src/main.ts", "../tsconfig.json"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  runBun(["--no-env-file", `--config=${devNull}`, `--tsconfig-override=${tsconfig}`, main, ...args]);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) runBun(process.argv.slice(2));
