import { readFileSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Env } from "./context.ts";
import { Failure, messageOf } from "./failure.ts";
import { googleHostRules, isGoogleService } from "./google.ts";
import type { RegistryHost } from "./registry-host.ts";
import { makePrivateFolder, replaceFile } from "./replace-file.ts";
import { parseServer, registryHostsOf, type Server, serverOf } from "./server.ts";
import {
  importPrivateKey,
  keyFileBytesMax,
  parseServiceAccountKey,
  type ServiceAccountKey,
} from "./service-account-key.ts";
import { type Account, changeSettings, type HostRule, keyPath, type Settings } from "./settings.ts";
import { removeCachedTokens } from "./token-cache.ts";

/** The command that gives this machine an account, for hints. */
export const activateHint = "waybill auth activate-service-account --key-file=FILE";

/**
 * Takes an account into use: keeps its key file, makes it the active one, and lets the credential helper answer for its
 * server's hosts. Needs no network.
 */
export async function activateAccount(
  env: Env,
  keyText: string,
  origin: string,
  { server, mayPush = false }: ActivationOptions = {},
): Promise<Activation> {
  const key = parseServiceAccountKey(keyText, origin);
  await importPrivateKey(key);
  const account = { server: server ?? registryServerOf(key.tokenUri), keyId: key.keyId, tokenUri: key.tokenUri };
  const hosts = registryHostsOf(account.server);
  const path = keyPath(env, key.email);
  await changeSettings(env, (settings) => {
    makePrivateFolder(dirname(path));
    replaceFile(path, keyText);
    useAccount(settings, key.email, account, mayPush);
  });
  await removeCachedTokens(env, key.email);
  return { email: key.email, server: account.server, hosts };
}

export type ActivationOptions = {
  /** The server whose hosts the account is for, when that is not the one that issues its tokens. */
  server?: Server | undefined;
  /** May docker push with it? Else its tokens are for pulling. */
  mayPush?: boolean;
};

export type Activation = { email: string; server: Server; hosts: RegistryHost[] };

/** The registry that the tokens of an issuer are for: Google's tokens do not come from where its images are. */
export function registryServerOf(tokenUri: string): Server {
  return isGoogleService(tokenUri) ? googleRegistry : serverOf(new URL(tokenUri));
}

/** Makes an account the active one, and the one of its server's hosts. */
export function useAccount(settings: Settings, email: string, account: Account, mayPush: boolean): void {
  // A token of the new server must not go to the hosts of the one that the account had before.
  if (settings.accounts.get(email)?.server !== account.server) dropRegistries(settings, email);
  const { login: _, ...before } = settings.accounts.get(email) ?? {};
  settings.accounts.set(email, { ...before, ...account });
  settings.active = email;
  const hosts = registryHostsOf(account.server);
  for (const host of hosts) settings.registries.set(host, email);
  const endings = account.server === googleRegistry ? googleHostRules.filter((rule) => rule.startsWith("*.")) : [];
  for (const ending of endings) changeRule(settings, ending, { account: email });
  if (mayPush) for (const host of [...hosts, ...endings]) changeRule(settings, host, { push: true });
}

const googleRegistry = parseServer("https://gcr.io");

function changeRule({ hosts }: Settings, host: string, rule: HostRule): void {
  hosts.set(host, { ...hosts.get(host), ...rule });
}

/** Forgets an account, its key, its token and its hosts on this machine. The server knows nothing of it. */
export async function forgetAccount(env: Env, email: string): Promise<RegistryHost[]> {
  let hosts: RegistryHost[] = [];
  await changeSettings(env, (settings) => {
    if (!settings.accounts.delete(email)) throw unknownAccount(email);
    hosts = dropRegistries(settings, email);
    if (settings.active === email) settings.active = undefined;
    rmSync(keyPath(env, email), { force: true });
  });
  await removeCachedTokens(env, email);
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
  for (const [host, { account, push, ...rest }] of settings.hosts)
    if (account === email || hosts.includes(host as RegistryHost)) settings.hosts.set(host, rest);
  return hosts;
}
