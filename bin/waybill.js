#!/usr/bin/env node
// The waybill command from source: hands its arguments to src/main.ts under Bun.
import { fileURLToPath } from "node:url";
import { runBun } from "./bun.js";

runBun([fileURLToPath(new URL("../src/main.ts", import.meta.url)), ...process.argv.slice(2)]);
