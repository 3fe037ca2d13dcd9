import type { Context } from "../sources/context.ts";
import { readSettings } from "../sources/settings.ts";
import { tokenUsername } from "./get.ts";
import type { Answer } from "./run.ts";

/** `list`: the hosts that `get` answers for. Standard input is not read: callers send a word that means nothing. */
export async function list(context: Context): Promise<Answer> {
  const { accounts, registries } = readSettings(context.env);
  const hosts = [...registries].filter(([, email]) => accounts.has(email)).map(([host]) => host);
  const usernames = Object.fromEntries(hosts.sort().map((host) => [host, tokenUsername]));
  return { stdout: JSON.stringify(usernames), exitCode: 0 };
}
