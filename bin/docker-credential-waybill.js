#!/usr/bin/env node
// The credential helper from source: src/main.ts learns from the first argument which program it is. Whatever the
// current folder tells Bun to load (.env, bunfig.toml) is not loaded, as in the executable.
import { devNull } from "node:os";
import { fileURLToPath } from "node:url";
import { runBun } from "./bun.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const nothingOfThisFolder = ["--no-env-file", `--config=${devNull}`];
runBun([...nothingOfThisFolder, main, "docker-credential-waybill", ...process.argv.slice(2)]);
