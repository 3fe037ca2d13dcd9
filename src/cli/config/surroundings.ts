import { readFileSync } from "node:fs";
import type { Surroundings } from "../../config/config-layers.ts";
import type { Context } from "../../sources/context.ts";

/** What a server that starts here would read. */
export function surroundingsOf({ env }: Context): Surroundings {
  return { env, readFile: (path) => readFileSync(path, "utf8") };
}
