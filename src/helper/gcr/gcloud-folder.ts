import { join } from "node:path";
import type { Env } from "../../sources/context.ts";
import { home } from "../../sources/paths.ts";

/** The path that a variable of docker-credential-gcr's own names, as it is; blank is unset. Else its file beside gcloud's. */
export function ownFile(env: Env, variable: string, name: string): string {
  const path = env[variable];
  return path !== undefined && path.trim() !== "" ? path : join(gcloudFolder(env), name);
}

/** Where docker-credential-gcr keeps its files. It knows no CLOUDSDK_CONFIG, and ours have to lie where its lie. */
function gcloudFolder(env: Env): string {
  if (process.platform === "win32" && env.APPDATA) return join(env.APPDATA, "gcloud");
  return join(home(env), ".config", "gcloud");
}
