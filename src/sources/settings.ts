// The client half's own files:
//
//   $WAYBILL_CONFIG_DIR, else $XDG_CONFIG_HOME/waybill, else ~/.config/waybill     0700
//   ├── settings.json       accounts, which of them each registry host gets, and what `waybill config` sets   0600
//   └── accounts/                                                                0700
//       └── EMAIL.json      the account's key file, byte for byte; of an account that signed in in a browser
//                           the refresh token, where there is no keychain        0600
//
//   $XDG_CACHE_HOME/waybill, else ~/.cache/waybill, else $XDG_RUNTIME_DIR/waybill where those cannot be written   0700
//   ├── identities.json     whom each host was last used as                      0600
//   └── tokens/                                                                  0700
//       └── HASH.json       a token for registries, until it expires             0600
//
// settings.json alone says what is in use; a key file it does not name is not used. Fields it does not know stay.
import type { Env } from "./context.ts";
import { isEmail } from "./email.ts";
import { Failure, messageOf } from "./failure.ts";
import { configFolder } from "./paths.ts";
import type { RegistryHost } from "./registry-host.ts";
import type { Server } from "./server.ts";

/**
 * An account that was activated here, or that signed in. The latter has no key (`keyId` says which sign-in it was) but
 * a `login`.
 */
export type Account = { server: Server; keyId: string; tokenUri: string; login?: Login };

/** What a sign-in left besides its refresh token, which lies in the keychain or in the account's file. */
export type Login = {
  clientId: string;
  clientSecret?: string;
  revocationUri?: string;
  keptIn: "keychain" | "file";
};

/** What can be said about all hosts, or about one. */
export type HostRule = {
  /** The account of this machine that is used. */
  account?: string;
  /** Which sources are asked, in this order. */
  sources?: string[];
  /** What tokens may be used for; without it what pulling needs, and with `push` what pushing needs. */
  scopes?: string[];
  push?: boolean;
  /** Whom tokens are addressed to. */
  audience?: string;
  /** The service account that is impersonated, after those on the way to it. */
  impersonate?: string[];
  /** May another identity be used when the first one fails? */
  fallback?: boolean;
  /** Tokens with less left are renewed. */
  minimumLifetimeSeconds?: number;
};

export type Settings = {
  /** The account that commands use when none is named. */
  active: string | undefined;
  /** By e-mail. */
  accounts: Map<string, Account>;
  /** Whose token each registry host gets. The credential helper answers for these hosts and no others. */
  registries: Map<RegistryHost, string>;
  /** What holds for every host. */
  defaults: HostRule;
  /** What holds for one host, or for those with one ending (`*.example.com`). */
  hosts: Map<string, HostRule>;
  /** Hosts besides Google's own that Google's identities are for. */
  googleHosts: string[];
  /** Everything in the file, so that writing it loses nothing. */
  whole: Record<string, unknown>;
};

/** Reads the settings; empty when there are none. */
export function readSettings(env: Env): Settings {
  const path = settingsPath(env);
  return parseFile(path, readIfPresent(path));
}

/**
 * As `readSettings`, for the helper, which may run with somebody else's home: in a container under another user id, for
 * one. Settings of that other user that it may not open are none of its own, and it says so.
 */
export async function readOwnSettings(env: Env, stderr: (text: string) => void): Promise<Settings> {
  const path = settingsPath(env);
  try {
    return parseFile(path, await readFile(path));
  } catch (error) {
    if (!(error instanceof Failure) || !isSomebodyElses(path)) throw error;
    stderr(`waybill: warning: ${path} is another user's and cannot be read; going on without it\n`);
    return parseSettings("{}");
  }
}

/** As `readIfPresent`, without a module of the runtime's. */
async function readFile(path: string): Promise<string | undefined> {
  try {
    return await Bun.file(path).text();
  } catch (error) {
    return noFile(path, error);
  }
}

function isSomebodyElses(path: string): boolean {
  const { statSync } = require("node:fs") as typeof import("node:fs");
  try {
    return process.getuid !== undefined && statSync(path).uid !== process.getuid();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES"; // Not even its folder may be looked into.
  }
}

/** Changes the settings under their lock. A file that cannot be read is not written over. */
export async function changeSettings(env: Env, change: (settings: Settings) => void): Promise<Settings> {
  const { makePrivateFolder, replaceFile } = await import("./replace-file.ts");
  const { withFileLock } = await import("./file-lock.ts");
  makePrivateFolder(configFolder(env));
  return await withFileLock(settingsPath(env), () => {
    const settings = readSettings(env);
    change(settings);
    replaceFile(settingsPath(env), formatSettings(settings));
    return settings;
  });
}

/** Where an account's key file lies. */
export function keyPath(env: Env, email: string): string {
  return `${configFolder(env)}/accounts/${email}.json`;
}

function settingsPath(env: Env): string {
  return `${configFolder(env)}/settings.json`;
}

function readIfPresent(path: string): string | undefined {
  const { readFileSync } = require("node:fs") as typeof import("node:fs");
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return noFile(path, error);
  }
}

/** What stands for a file that is not there; one that is there and cannot be read is a failure. */
function noFile(path: string, error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw new Failure(`${path} cannot be read: ${messageOf(error)}`, `check who owns it: ls -l ${path}`);
}

function parseFile(path: string, text: string | undefined): Settings {
  try {
    return parseSettings(text ?? "{}");
  } catch (error) {
    throw new Failure(
      `${path} cannot be read: ${messageOf(error)}`,
      `mend it, or move it away and activate the account again: mv ${path} ${path}.bad`,
    );
  }
}

function parseSettings(text: string): Settings {
  const whole = record(JSON.parse(text), "it");
  return {
    active: whole.active === undefined ? undefined : string(whole.active, "active"),
    accounts: parseMap(whole, "accounts", parseAccount),
    registries: parseMap<RegistryHost, string>(whole, "registries", string),
    defaults: parseRule(whole.defaults ?? {}, "defaults"),
    hosts: parseMap(whole, "hosts", parseRule),
    googleHosts: strings(whole.googleHosts ?? [], "googleHosts"),
    whole,
  };
}

function parseMap<Key extends string, Value>(
  whole: Record<string, unknown>,
  name: string,
  parse: (value: unknown, key: string) => Value,
): Map<Key, Value> {
  const map = new Map<Key, Value>();
  for (const [key, value] of Object.entries(record(whole[name] ?? {}, name))) map.set(key as Key, parse(value, key));
  return map;
}

function parseAccount(value: unknown, email: string): Account {
  if (!isEmail(email)) throw new Error(`${JSON.stringify(email)} is not an account`);
  const account = record(value, email);
  for (const name of ["server", "keyId", "tokenUri"]) string(account[name], `${name} of ${email}`);
  if (account.login !== undefined) string(record(account.login, `login of ${email}`).clientId, `clientId of ${email}`);
  return account as Account;
}

const ruleTypes: Readonly<Record<keyof HostRule, (value: unknown, what: string) => unknown>> = {
  account: string,
  sources: strings,
  scopes: strings,
  push: boolean,
  audience: string,
  impersonate: strings,
  fallback: boolean,
  minimumLifetimeSeconds: number,
};

function parseRule(value: unknown, host: string): HostRule {
  const rule = record(value, host);
  for (const [name, check] of Object.entries(ruleTypes))
    if (rule[name] !== undefined) check(rule[name], `${name} of ${host}`);
  return rule as HostRule;
}

function formatSettings({ whole, active, accounts, registries, defaults, hosts, googleHosts }: Settings): string {
  const known = { active, accounts: Object.fromEntries(accounts), registries: Object.fromEntries(registries) };
  const rules = Object.fromEntries([...hosts].filter(([, rule]) => Object.keys(rule).length > 0));
  const optional = { defaults: filled(defaults), hosts: filled(rules), googleHosts: filled(googleHosts) };
  return `${JSON.stringify({ ...whole, ...known, ...optional }, undefined, 2)}\n`;
}

/** What is empty is not written. */
function filled<T extends object>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${what} is not a JSON object`);
}

function string(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new Error(`${what} is not a text`);
}

function strings(value: unknown, what: string): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new Error(`${what} is not a list of texts`);
}

function boolean(value: unknown, what: string): boolean {
  if (typeof value === "boolean") return value;
  throw new Error(`${what} is not true or false`);
}

function number(value: unknown, what: string): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new Error(`${what} is not a number`);
}
