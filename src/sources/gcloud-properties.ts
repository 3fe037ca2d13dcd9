import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "./context.ts";
import { gcloudFolder } from "./paths.ts";

/** What gcloud is set to, without starting it: its variable for a property, else its active configuration's file. */
export function gcloudProperty(env: Env, section: string, name: string): string | undefined {
  const variable = env[`CLOUDSDK_${section}_${name}`.toUpperCase()];
  if (variable) return variable;
  const folder = gcloudFolder(env);
  const configuration = env.CLOUDSDK_ACTIVE_CONFIG_NAME || read(join(folder, "active_config"))?.trim() || "default";
  // It becomes part of a path.
  if (!/^[a-z][-a-z0-9]*$/i.test(configuration)) return undefined;
  return propertyIn(read(join(folder, "configurations", `config_${configuration}`)) ?? "", section, name);
}

/** One property of a file in sections, `[core]` and `account = …`. */
function propertyIn(text: string, section: string, name: string): string | undefined {
  let current = "";
  let value: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (heading !== undefined) current = heading.trim();
    const [, key, set] = /^\s*([\w.-]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (current === section && key === name && set) value = set;
  }
  return value;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
