import { readFileSync } from "node:fs";
import { type Config, ConfigError } from "./config/config.ts";
import { type OutsideProvider, parseOutsideProviders } from "./identity/people/outside-providers.ts";

/** The OIDC providers of `--sign-in-providers`. Throws ConfigError. */
export function readProviders({ "sign-in-providers": file }: Config): readonly OutsideProvider[] {
  if (file === undefined) return [];
  try {
    return parseOutsideProviders(Bun.YAML.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new ConfigError(`--sign-in-providers: ${file}: ${(error as Error).message}`);
  }
}
