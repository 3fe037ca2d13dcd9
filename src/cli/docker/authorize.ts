import { ownHelper, storeCredentials } from "../../docker-config/credential-helper.ts";
import { credentialPlace } from "../../docker-config/credential-place.ts";
import { type DockerConfig, editDockerConfig, readDockerConfig } from "../../docker-config/docker-config-file.ts";
import type { Edit } from "../../docker-config/edit-json.ts";
import type { Context } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import { type Identity, issueToken, resolveIdentity } from "../../sources/identity.ts";
import type { RegistryHost } from "../../sources/registry-host.ts";
import { findRegistryIdentity } from "../../sources/registry-identity.ts";
import { registryScope } from "../../sources/scope.ts";
import type { Secret } from "../../sources/secret.ts";
import { registryHostsOf } from "../../sources/server.ts";
import { readSettings, type Settings } from "../../sources/settings.ts";
import { signToken } from "../../sources/signed-token.ts";
import { ServerUnreachable } from "../../sources/token-request.ts";

/** The user name that `gcloud docker` uses for the same purpose. */
const username = "gclouddockertoken";

/** Puts a fresh token where docker looks, for these hosts or for all of the account's. Returns the hosts. */
export async function authorize(named: readonly RegistryHost[] | undefined, context: Context): Promise<RegistryHost[]> {
  const settings = readSettings(context.env);
  const config = readDockerConfig(context.env);
  const hosts = [...(named ?? defaultHosts(settings, context))];
  const tokens = tokenSource(context);
  const edits: Edit[] = [];
  for (const host of hosts) {
    if (await isServedByOwnHelper(host, config, context)) continue;
    const secret = await tokens(identityFor(host, settings, context));
    const place = credentialPlace(config, host);
    if (place.kind === "helper") await storeCredentials(place.name, { host, username, secret }, context.env);
    else edits.push(authEntry(host, secret));
  }
  if (edits.length > 0) await editDockerConfig(context.env, edits);
  return hosts;
}

function defaultHosts({ active, registries }: Settings, { env }: Context): RegistryHost[] {
  const { email: own, server } = resolveIdentity({}, env);
  const mapped = [...registries].filter(([, email]) => email === active && email === own).map(([host]) => host);
  return mapped.length > 0 ? mapped : registryHostsOf(server);
}

/** Our own helper wins over anything that could be written, and its token is fresh. */
async function isServedByOwnHelper(host: RegistryHost, config: DockerConfig, { env }: Context): Promise<boolean> {
  const place = credentialPlace(config, host);
  if (place.kind !== "helper" || place.name !== ownHelper) return false;
  if (await findRegistryIdentity(host, env)) return true;
  throw new Failure(
    `docker asks docker-credential-${ownHelper} for ${host}, which has no account for it`,
    `waybill auth configure-docker ${host}`,
  );
}

/** A host that an account was configured for gets that account's token and no other's. */
function identityFor(host: RegistryHost, { accounts, registries }: Settings, { env, stderr }: Context): Identity {
  const email = registries.get(host);
  if (!env.WAYBILL_KEY_FILE && email !== undefined && accounts.has(email))
    return resolveIdentity({ account: email }, env);
  const identity = resolveIdentity({}, env);
  if (!registryHostsOf(identity.server).includes(host))
    stderr(`waybill: warning: ${host} is not a host of ${identity.server}, but gets a token of ${identity.email}\n`);
  return identity;
}

/** One token per account, however many hosts. */
function tokenSource(context: Context): (identity: Identity) => Promise<Secret> {
  const tokens = new Map<string, Promise<Secret>>();
  return (identity) => {
    const token = tokens.get(identity.email) ?? freshToken(identity, context);
    tokens.set(identity.email, token);
    return token;
  };
}

async function freshToken(identity: Identity, context: Context): Promise<Secret> {
  const scopes = [registryScope];
  const { key } = identity;
  try {
    return await issueToken(identity, { scopes }, context);
  } catch (error) {
    if (key === undefined || !(error instanceof ServerUnreachable)) throw error;
    context.stderr(`waybill: warning: ${error.message}; using a token signed here\n`);
    return await signToken(key, { scopes }, context.now());
  }
}

function authEntry(host: RegistryHost, secret: Secret): Edit {
  const auth = Buffer.from(`${username}:${secret.reveal()}`).toString("base64");
  return { object: "auths", key: host, value: { auth } };
}
