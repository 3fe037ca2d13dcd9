#!/usr/bin/env node
// The credential helper from source: src/main.ts learns from the first argument which program it is.
import { runMain } from "./bun.js";

runMain(["docker-credential-waybill", ...process.argv.slice(2)]);
