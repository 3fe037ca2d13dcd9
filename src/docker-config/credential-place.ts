import type { DockerConfig } from "./docker-config-file.ts";

/** Where docker looks for the credentials of a host. */
export type CredentialPlace = { kind: "helper"; name: string } | { kind: "config" };

/** Docker's own order: the host's helper, the default store, the configuration itself. */
export function credentialPlace({ credHelpers, credsStore }: DockerConfig, host: string): CredentialPlace {
  const name = credHelpers.get(host) || credsStore;
  return name ? { kind: "helper", name } : { kind: "config" };
}
