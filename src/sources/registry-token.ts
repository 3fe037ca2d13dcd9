import type { Context } from "./context.ts";
import { registryScope } from "./scope.ts";
import type { Secret } from "./secret.ts";
import type { Account } from "./settings.ts";
import { readCachedToken, type TokenPurpose, writeCachedToken } from "./token-cache.ts";

/**
 * The token that a registry gets for an account: the cached one, else a new one signed by the account's key and kept for
 * the next process. Neither touches the network; the first loads nothing.
 */
export async function registryToken(
  email: string,
  account: Account,
  { env, now }: Pick<Context, "env" | "now">,
): Promise<Secret> {
  const purpose = { email, keyId: account.keyId, audience: account.tokenUri, scope: registryScope };
  return readCachedToken(env, purpose, now()) ?? (await newToken(purpose, env, now()));
}

async function newToken(purpose: TokenPurpose, env: Context["env"], now: number): Promise<Secret> {
  const [{ readAccountKey }, { signToken, signedTokenSeconds }] = await Promise.all([
    import("./accounts.ts"),
    import("./signed-token.ts"),
  ]);
  const key = readAccountKey(env, purpose.email);
  const token = await signToken(key, { scopes: [purpose.scope] }, now);
  const made = { ...purpose, keyId: key.keyId, audience: key.tokenUri };
  await writeCachedToken(env, made, token, Math.floor(now / 1000) + signedTokenSeconds);
  return token;
}
