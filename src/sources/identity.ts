import { activateHint, readAccountKey, readKeyFile, unknownAccount } from "./accounts.ts";
import type { Context, Env } from "./context.ts";
import { Failure } from "./failure.ts";
import { platformScope } from "./scope.ts";
import type { Secret } from "./secret.ts";
import { isSameServer, parseServer, type Server, serverOf } from "./server.ts";
import { parseServiceAccountKey, type ServiceAccountKey } from "./service-account-key.ts";
import { readSettings } from "./settings.ts";
import { signToken } from "./signed-token.ts";

/** Who a command speaks as, and the server that the identity belongs to. */
export type Identity = { key: ServiceAccountKey; server: Server };

/** Who a command speaks as, and to which server. `accessToken` needs no network. */
export type Caller = { email: string; server: Server; accessToken: (scopes?: readonly string[]) => Promise<Secret> };

/** The values of the flags by these names, as a command received them. */
export type IdentityFlags = { "key-file"?: string | undefined; account?: string | undefined };

/** Finds the identity: a named account, else `--key-file`, else `WAYBILL_KEY_FILE`, else the active account. */
export function resolveIdentity(flags: IdentityFlags, env: Env): Identity {
  const file = flags["key-file"] ?? (flags.account === undefined ? env.WAYBILL_KEY_FILE || undefined : undefined);
  if (file === undefined) return activatedIdentity(flags.account, env);
  const key = parseServiceAccountKey(readKeyFile(file), file);
  if (flags.account !== undefined && flags.account !== key.email)
    throw new Failure(`${file} is the key of ${key.email}, not of ${flags.account}`);
  return { key, server: serverOf(new URL(key.tokenUri)) };
}

/** Finds who speaks (`resolveIdentity`) and to whom: `--server`, else `WAYBILL_SERVER`, else the identity's own server. */
export function resolveCaller(
  flags: IdentityFlags & { server?: string | undefined },
  { env, now }: Pick<Context, "env" | "now">,
): Caller {
  const { key, server: own } = resolveIdentity(flags, env);
  const named = flags.server ?? (env.WAYBILL_SERVER || undefined);
  const server = named === undefined ? own : parseServer(named);
  // Addressed to the server it goes to, a token is worth nothing to that server at the account's own one.
  const audience = isSameServer(server, own) ? key.tokenUri : `${server}/token`;
  const accessToken = (scopes = [platformScope] as readonly string[]) => signToken(key, { scopes, audience }, now());
  return { email: key.email, server, accessToken };
}

function activatedIdentity(account: string | undefined, env: Env): Identity {
  const settings = readSettings(env);
  const email = account ?? settings.active;
  if (email === undefined) throw new Failure("no account is active on this machine", activateHint);
  const found = settings.accounts.get(email);
  if (!found) throw unknownAccount(email);
  return { key: readAccountKey(env, email), server: found.server };
}
