import { readKeyFile } from "./accounts.ts";
import type { Env } from "./context.ts";
import type { RegistryHost } from "./registry-host.ts";
import { registryHostsOf, serverOf } from "./server.ts";
import { parseServiceAccountKey, type ServiceAccountKey } from "./service-account-key.ts";

/** A key that the environment names, and the only hosts that it is for: those of its own server. */
export type EnvironmentKey = { key: ServiceAccountKey; hosts: RegistryHost[] };

/** The keys that the environment names, ours before Google's. */
export function environmentKeys(env: Env): EnvironmentKey[] {
  const files = [env.WAYBILL_KEY_FILE, othersFile(env.GOOGLE_APPLICATION_CREDENTIALS)].filter((file) => !!file);
  return files.map((file) => {
    const key = parseServiceAccountKey(readKeyFile(file as string), file as string);
    return { key, hosts: registryHostsOf(serverOf(new URL(key.tokenUri))) };
  });
}

/** Google's variable may name credentials of other kinds, which are for other programs. */
function othersFile(file: string | undefined): string | undefined {
  if (!file) return undefined;
  try {
    return JSON.parse(readKeyFile(file)).type === "service_account" ? file : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
