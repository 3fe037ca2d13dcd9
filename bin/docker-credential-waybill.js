#!/usr/bin/env node
// The credential helper from source: src/main.ts learns from the first argument which program it is. Whatever the
// current folder tells Bun to load (.env, bunfig.toml, tsconfig.json) is not loaded, as in the executable.
import { devNull } from "node:os";
import { fileURLToPath } from "node:url";
import { runBun } from "./bun.js";

const [main, tsconfig] = ["../src/main.ts", "../tsconfig.json"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const flags = ["--no-env-file", `--config=${devNull}`, `--tsconfig-override=${tsconfig}`];
runBun([...flags, main, "docker-credential-waybill", ...process.argv.slice(2)]);
