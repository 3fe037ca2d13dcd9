import type { Env } from "./context.ts";
import type { RegistryHost } from "./registry-host.ts";
import type { ServiceAccountKey } from "./service-account-key.ts";
import { readSettings } from "./settings.ts";

/** Whose token a registry host gets. The key itself is read only when a token has to be made. */
export type RegistryIdentity = {
  email: string;
  keyId: string;
  tokenUri: string;
  readKey: () => Promise<ServiceAccountKey>;
};

/**
 * The account that this host was configured for, else the key file that the environment names, if the host is one of
 * the key's own server. Undefined for every other host: it must get no token.
 */
export async function findRegistryIdentity(host: RegistryHost, env: Env): Promise<RegistryIdentity | undefined> {
  const { accounts, registries } = readSettings(env);
  const email = registries.get(host);
  const account = email === undefined ? undefined : accounts.get(email);
  if (email !== undefined && account !== undefined) return activated(email, account, env);
  if (!env.WAYBILL_KEY_FILE && !env.GOOGLE_APPLICATION_CREDENTIALS) return undefined;
  const { environmentKeys } = await import("./environment-key.ts");
  const found = environmentKeys(env).find(({ hosts }) => hosts.includes(host));
  return found && { ...found.key, readKey: async () => found.key };
}

/** Every host that has an identity. */
export async function registryHosts(env: Env): Promise<RegistryHost[]> {
  const { accounts, registries } = readSettings(env);
  const configured = [...registries].filter(([, email]) => accounts.has(email)).map(([host]) => host);
  const { environmentKeys } = await import("./environment-key.ts");
  return [...new Set([...configured, ...environmentKeys(env).flatMap(({ hosts }) => hosts)])].sort();
}

function activated(email: string, { keyId, tokenUri }: { keyId: string; tokenUri: string }, env: Env) {
  const readKey = async () => (await import("./accounts.ts")).readAccountKey(env, email);
  return { email, keyId, tokenUri, readKey };
}
