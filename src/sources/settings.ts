// The client half's own files:
//
//   $WAYBILL_CONFIG_DIR, else $XDG_CONFIG_HOME/waybill, else ~/.config/waybill     0700
//   ├── settings.json       which account is active, which account each registry host gets   0600
//   └── accounts/                                                                0700
//       └── EMAIL.json      the account's key file, byte for byte                 0600
//
//   $XDG_CACHE_HOME/waybill, else ~/.cache/waybill                               0700
//   └── tokens/                                                                  0700
//       └── EMAIL.json      the account's token for registries, until it expires  0600
//
// settings.json alone says what is in use; a key file it does not name is not used. Fields it does not know stay.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "./context.ts";
import { isEmail } from "./email.ts";
import { Failure, messageOf } from "./failure.ts";
import { configFolder } from "./paths.ts";
import type { RegistryHost } from "./registry-host.ts";
import type { Server } from "./server.ts";

/** An account that was activated here. */
export type Account = { server: Server; keyId: string; tokenUri: string };

export type Settings = {
  /** The account that commands use when none is named. */
  active: string | undefined;
  /** By e-mail. */
  accounts: Map<string, Account>;
  /** Whose token each registry host gets. The credential helper answers for these hosts and no others. */
  registries: Map<RegistryHost, string>;
  /** Everything in the file, so that writing it loses nothing. */
  whole: Readonly<Record<string, unknown>>;
};

/** Reads the settings; empty when there are none. */
export function readSettings(env: Env): Settings {
  const path = settingsPath(env);
  const text = readIfPresent(path);
  try {
    return parseSettings(text ?? "{}");
  } catch (error) {
    throw new Failure(
      `${path} cannot be read: ${messageOf(error)}`,
      `mend it, or move it away and activate the account again: mv ${path} ${path}.bad`,
    );
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
  return join(configFolder(env), "accounts", `${email}.json`);
}

function settingsPath(env: Env): string {
  return join(configFolder(env), "settings.json");
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Failure(`${path} cannot be read: ${messageOf(error)}`, `check who owns it: ls -l ${path}`);
  }
}

function parseSettings(text: string): Settings {
  const whole = record(JSON.parse(text), "it");
  const accounts = Object.entries(record(whole.accounts ?? {}, "accounts"));
  const registries = Object.entries(record(whole.registries ?? {}, "registries"));
  return {
    active: whole.active === undefined ? undefined : string(whole.active, "active"),
    accounts: new Map(accounts.map(([email, account]) => [email, parseAccount(account, email)])),
    registries: new Map(registries.map(([host, email]) => [host as RegistryHost, string(email, host)])),
    whole,
  };
}

function parseAccount(value: unknown, email: string): Account {
  if (!isEmail(email)) throw new Error(`${JSON.stringify(email)} is not an account`);
  const account = record(value, email);
  for (const name of ["server", "keyId", "tokenUri"]) string(account[name], `${name} of ${email}`);
  return account as Account;
}

function formatSettings({ whole, active, accounts, registries }: Settings): string {
  const known = { active, accounts: Object.fromEntries(accounts), registries: Object.fromEntries(registries) };
  return `${JSON.stringify({ ...whole, ...known }, undefined, 2)}\n`;
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${what} is not a JSON object`);
}

function string(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new Error(`${what} is not a text`);
}
