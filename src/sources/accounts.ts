import { readFileSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Env } from "./context.ts";
import { Failure, messageOf } from "./failure.ts";
import type { RegistryHost } from "./registry-host.ts";
import { makePrivateFolder, replaceFile } from "./replace-file.ts";
import { registryHostsOf, type Server, serverOf } from "./server.ts";
import {
  importPrivateKey,
  keyFileBytesMax,
  parseServiceAccountKey,
  type ServiceAccountKey,
} from "./service-account-key.ts";
import { type Account, changeSettings, keyPath, type Settings } from "./settings.ts";
import { removeCachedTokens } from "./token-cache.ts";

/** The command that gives this machine an account, for hints. */
export const activateHint = "waybill auth activate-service-account --key-file=FILE";

/**
 * Takes an account into use: keeps its key file, makes it the active one, and lets the credential helper answer for its
 * server's hosts. Needs no network.
 */
export async function activateAccount(env: Env, keyText: string, origin: string, server?: Server): Promise<Activation> {
  const key = parseServiceAccountKey(keyText, origin);
  await importPrivateKey(key);
  const account = { server: server ?? serverOf(new URL(key.tokenUri)), keyId: key.keyId, tokenUri: key.tokenUri };
  const hosts = registryHostsOf(account.server);
  const path = keyPath(env, key.email);
  await changeSettings(env, (settings) => {
    makePrivateFolder(dirname(path));
    replaceFile(path, keyText);
    use(settings, key.email, account, hosts);
  });
  removeCachedTokens(env, key.email);
  return { email: key.email, server: account.server, hosts };
}

export type Activation = { email: string; server: Server; hosts: RegistryHost[] };

function use(settings: Settings, email: string, account: Account, hosts: readonly RegistryHost[]): void {
  // A token of the new server must not go to the hosts of the one that the account had before.
  if (settings.accounts.get(email)?.server !== account.server) dropRegistries(settings, email);
  settings.accounts.set(email, { ...settings.accounts.get(email), ...account });
  settings.active = email;
  for (const host of hosts) settings.registries.set(host, email);
}

/** Forgets an account, its key, its token and its hosts on this machine. The server knows nothing of it. */
export async function forgetAccount(env: Env, email: string): Promise<RegistryHost[]> {
  let hosts: RegistryHost[] = [];
  await changeSettings(env, (settings) => {
    if (!settings.accounts.delete(email)) throw unknownAccount(email);
    hosts = dropRegistries(settings, email);
    if (settings.active === email) settings.active = undefined;
    rmSync(keyPath(env, email), { force: true });
    removeCachedTokens(env, email);
  });
  return hosts;
}

/** The key of an account that was activated here. */
export function readAccountKey(env: Env, email: string): ServiceAccountKey {
  return parseServiceAccountKey(readKeyFile(keyPath(env, email)), keyPath(env, email));
}

/** The text of a key file. */
export function readKeyFile(path: string): string {
  try {
    if (statSync(path).size > keyFileBytesMax) throw new Error(`it has more than ${keyFileBytesMax} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Failure(
      `the key file ${path} cannot be read: ${messageOf(error)}`,
      `if it is lost, activate a new one: ${activateHint}`,
    );
  }
}

/** The failure of naming an account that is not here. */
export function unknownAccount(email: string): Failure {
  return new Failure(`${email} is not activated on this machine`, "see which are: waybill auth list");
}

function dropRegistries(settings: Settings, email: string): RegistryHost[] {
  const hosts = [...settings.registries].filter(([, owner]) => owner === email).map(([host]) => host);
  for (const host of hosts) settings.registries.delete(host);
  return hosts;
}
