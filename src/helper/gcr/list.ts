import { readDockerConfig } from "../../docker-config/docker-config-file.ts";
import { containerRegistryHosts } from "../../docker-config/google-registries.ts";
import type { Env } from "../../sources/context.ts";

/** What `list` names: Container Registry's hosts, as URLs the way gcloud's helper does, and what docker asks us for besides. */
export function listedHosts(env: Env, suffix: string): string[] {
  const named = [...readDockerConfig(env).credHelpers].filter(([, helper]) => helper === suffix).map(([host]) => host);
  return [...new Set([...containerRegistryHosts, ...named])].map((host) => `https://${host}`).sort();
}
