import type { CredentialSource } from "../../client/registry/registry-authorization.ts";
import { RegistryClient } from "../../client/registry/registry-client.ts";
import type { Context } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import { type Caller, resolveCaller } from "../../sources/identity.ts";
import { registryCredential } from "../../sources/registry-credential.ts";
import { isLoopback, type RegistryHost } from "../../sources/registry-host.ts";
import { registryScope } from "../../sources/scope.ts";
import { parseServer, registryHostsOf } from "../../sources/server.ts";
import { readSettings } from "../../sources/settings.ts";
import type { AdministrationInvocation } from "../administration.ts";

/**
 * A client for the registry that an image's name begins with, as the identity that is meant for it: the one that flags name,
 * the account that the host was configured for, the active account where the host belongs to its server, else whatever the
 * credential helper finds for the host, else what `otherwise` has. Without any it is anonymous.
 */
export function openRegistry(
  host: RegistryHost,
  { values, context }: Pick<AdministrationInvocation, "values" | "context">,
  otherwise: CredentialSource = async () => undefined,
): RegistryClient {
  const caller = callerFor(host, values, context);
  const scheme = caller ? new URL(caller.server).protocol : schemeOf(host);
  return new RegistryClient({
    origin: `${scheme}//${host}`,
    credentials: async () =>
      caller
        ? { username: "oauth2accesstoken", secret: await caller.accessToken([registryScope]) }
        : ((await helperCredentials(host, context)) ?? (await otherwise())),
    fetch: context.fetch,
  });
}

/** The registry of the server that the command was pointed at. */
export function serverHost({ values, context }: AdministrationInvocation): RegistryHost {
  return new URL(resolveCaller(values, context).server).host as RegistryHost;
}

type Flags = AdministrationInvocation["values"];

function callerFor(host: RegistryHost, values: Flags, context: Context): Caller | undefined {
  const isExplicit = [values.server, values["key-file"], values.account].some((value) => value !== undefined);
  if (isExplicit) return explicitCaller(host, values, context);
  const { accounts, registries } = readSettings(context.env);
  const account = registries.get(host);
  if (!context.env.WAYBILL_KEY_FILE && account !== undefined && accounts.has(account))
    return { ...resolveCaller({ account }, { ...context, env: withoutServer(context.env) }) };
  const active = activeCaller(context);
  return active && registryHostsOf(active.server).includes(host) ? active : undefined;
}

/** A token goes to a host of the server that it was made for. */
function explicitCaller(host: RegistryHost, values: Flags, context: Context): Caller {
  const caller = resolveCaller(values, context);
  if (registryHostsOf(caller.server).includes(host)) return caller;
  throw new Failure(
    `${host} is not a host of ${caller.server}, whose token ${caller.email} would send`,
    `if it should get one: --server=${parseServer(host)}`,
  );
}

function activeCaller(context: Context): Caller | undefined {
  try {
    return resolveCaller({}, context);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** An account that a host was configured for speaks to its own server. */
function withoutServer({ WAYBILL_SERVER: _, ...env }: Context["env"]): Context["env"] {
  return env;
}

function schemeOf(host: RegistryHost): string {
  return isLoopback(new URL(`https://${host}`).hostname) ? "http:" : "https:";
}

async function helperCredentials(host: RegistryHost, context: Context) {
  const issued = await registryCredential(host, context);
  return issued && { username: "_token", secret: issued.token };
}
