import type { Context } from "./context.ts";
import type { RegistryIdentity } from "./registry-identity.ts";
import { registryScope } from "./scope.ts";
import type { Secret } from "./secret.ts";
import { readCachedToken, type TokenPurpose, writeCachedToken } from "./token-cache.ts";

/**
 * The token that a registry gets for an identity: the cached one, else a new one signed by the account's key and kept
 * for the next process. Neither touches the network; the first loads nothing.
 */
export async function registryToken(
  identity: RegistryIdentity,
  { env, now }: Pick<Context, "env" | "now">,
): Promise<Secret> {
  const purpose = purposeOf(identity);
  return readCachedToken(env, purpose, now()) ?? (await newToken(identity, env, now()));
}

async function newToken(identity: RegistryIdentity, env: Context["env"], now: number): Promise<Secret> {
  const { signToken, signedTokenSeconds } = await import("./signed-token.ts");
  const key = await identity.readKey();
  const token = await signToken(key, { scopes: [registryScope] }, now);
  await writeCachedToken(env, purposeOf(key), token, Math.floor(now / 1000) + signedTokenSeconds);
  return token;
}

function purposeOf({ email, keyId, tokenUri }: Omit<RegistryIdentity, "readKey">): TokenPurpose {
  return { email, keyId, audience: tokenUri, scope: registryScope };
}
