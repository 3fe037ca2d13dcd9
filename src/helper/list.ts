import type { Context } from "../sources/context.ts";
import { registryHosts } from "../sources/registry-identity.ts";
import { tokenUsername } from "./get.ts";
import type { Answer } from "./run.ts";

/** `list`: the hosts that `get` answers for. Standard input is not read: callers send a word that means nothing. */
export async function list(context: Context): Promise<Answer> {
  const hosts = await registryHosts(context.env);
  const usernames = Object.fromEntries(hosts.map((host) => [host, tokenUsername]));
  return { stdout: JSON.stringify(usernames), exitCode: 0 };
}
