#!/usr/bin/env node
// The credential helper from source: src/main.ts learns from the first argument which program it is.
import { fileURLToPath } from "node:url";
import { runBun } from "./bun.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
runBun(["--no-env-file", main, "docker-credential-waybill", ...process.argv.slice(2)]);
