#!/usr/bin/env node
// The waybill command from source.
import { runMain } from "./bun.js";

runMain(process.argv.slice(2));
