import { readFileSync } from "node:fs";
import { ConfigError, readConfig } from "../../config/config.ts";
import type { Surroundings } from "../../config/config-layers.ts";
import type { Context } from "../../sources/context.ts";
import { UsageError } from "../command.ts";

/** What a server that starts here would read. */
export function surroundingsOf({ env }: Context): Surroundings {
  return { env, readFile: (path) => readFileSync(path, "utf8") };
}

/** The settings of a server that starts here with these flags, and the command's own `--format`. Throws UsageError. */
export function readOrRefuse(argv: readonly string[], context: Context) {
  try {
    return readConfig(argv, surroundingsOf(context), ["format"]);
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message, "waybill config check");
    throw error;
  }
}
