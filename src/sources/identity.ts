import { activateHint, readAccountKey, readKeyFile, unknownAccount } from "./accounts.ts";
import type { Context, Env } from "./context.ts";
import { Failure } from "./failure.ts";
import { platformScope } from "./scope.ts";
import type { Secret } from "./secret.ts";
import { isSameServer, parseServer, type Server, serverOf } from "./server.ts";
import { parseServiceAccountKey, type ServiceAccountKey } from "./service-account-key.ts";
import { type Account, readSettings } from "./settings.ts";
import { signToken } from "./signed-token.ts";

/** Who a command speaks as, and the server that the identity belongs to. An account that signed in has no key. */
export type Identity = { email: string; server: Server; tokenUri: string } & (
  | { key: ServiceAccountKey; account?: undefined }
  | { key?: undefined; account: Account }
);

/** Who a command speaks as, and to which server. With a key `accessToken` needs no network. */
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
  return identityOf(key, serverOf(new URL(key.tokenUri)));
}

/** An access token from the server that the identity belongs to. */
export async function issueToken(
  identity: Identity,
  request: { scopes: readonly string[]; lifetimeSeconds?: number | undefined },
  context: Pick<Context, "env" | "now" | "fetch" | "stderr">,
): Promise<Secret> {
  if (identity.key) {
    const { exchangeToken } = await import("./token-exchange.ts");
    return (await exchangeToken(identity.key, request, context)).token;
  }
  if (request.lifetimeSeconds !== undefined)
    throw new Failure("only a service account's key can ask for another lifetime", "leave --lifetime out");
  const { loginToken } = await import("./login/login-token.ts");
  return (await loginToken(identity.email, identity.account, request, context)).token;
}

/** Finds who speaks (`resolveIdentity`) and to whom: `--server`, else `WAYBILL_SERVER`, else the identity's own server. */
export function resolveCaller(
  flags: IdentityFlags & { server?: string | undefined },
  context: Pick<Context, "env" | "now"> & Partial<Pick<Context, "fetch" | "stderr">>,
): Caller {
  const { env, now } = context;
  const identity = resolveIdentity(flags, env);
  const { email, key, server: own } = identity;
  const named = flags.server ?? (env.WAYBILL_SERVER || undefined);
  const server = named === undefined ? own : parseServer(named);
  if (key === undefined) return { email, server, accessToken: loginCaller(identity, server, context) };
  // Addressed to the server it goes to, a token is worth nothing to that server at the account's own one.
  const audience = isSameServer(server, own) ? key.tokenUri : `${server}/token`;
  const accessToken = (scopes = [platformScope] as readonly string[]) => signToken(key, { scopes, audience }, now());
  return { email, server, accessToken };
}

/** The token of a sign-in is good for whoever holds it, so it goes to its own server only. */
function loginCaller(identity: Identity, server: Server, context: Parameters<typeof resolveCaller>[1]) {
  const { fetch, stderr = () => {} } = context;
  if (!isSameServer(server, identity.server))
    throw new Failure(
      `${identity.email} signed in at ${identity.server}, not at ${server}`,
      `waybill auth login ${server}`,
    );
  return async (scopes: readonly string[] = [platformScope]) => {
    if (fetch === undefined) throw new Failure(`${identity.email} needs the network for a token`);
    return await issueToken(identity, { scopes }, { ...context, fetch, stderr });
  };
}

function identityOf(key: ServiceAccountKey, server: Server): Identity {
  return { email: key.email, server, tokenUri: key.tokenUri, key };
}

function activatedIdentity(account: string | undefined, env: Env): Identity {
  const settings = readSettings(env);
  const email = account ?? settings.active;
  if (email === undefined) throw new Failure("no account is active on this machine", activateHint);
  const found = settings.accounts.get(email);
  if (!found) throw unknownAccount(email);
  if (found.login !== undefined) return { email, server: found.server, tokenUri: found.tokenUri, account: found };
  return identityOf(readAccountKey(env, email), found.server);
}
