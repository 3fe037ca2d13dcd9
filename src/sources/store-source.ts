import { readAccountKey, unknownAccount } from "./accounts.ts";
import { isGoogleService } from "./google.ts";
import type { ServiceAccountKey } from "./service-account-key.ts";
import { signedTokenSeconds, signToken } from "./signed-token.ts";
import type { FreshToken, SourceContext, TokenRequest, TokenSource } from "./token-source.ts";

/** The accounts of this machine: those whose key was activated, and those that signed in. */
export const storeSource: TokenSource = {
  name: "store",
  async find(request, context) {
    const { account: email } = request;
    if (email === undefined) return { absent: "no account of this machine is for this host" };
    const account = context.settings.accounts.get(email);
    if (account === undefined) throw unknownAccount(email);
    if (account.login === undefined)
      return { account: email, token: () => signedToken(readAccountKey(context.env, email), request, context) };
    const { loginToken } = await import("./login/login-token.ts");
    return { account: email, token: () => loginToken(email, account, request, context) };
  },
};

/**
 * A token signed by the account's own key, without the network. Google's services take one without an audience;
 * ours is addressed to the server's token endpoint.
 */
export async function signedToken(
  key: ServiceAccountKey,
  { scopes, audience }: Pick<TokenRequest, "scopes" | "audience">,
  { now }: Pick<SourceContext, "now">,
): Promise<FreshToken> {
  const isUnaddressed = audience === undefined && isGoogleService(key.tokenUri);
  const signedAt = now();
  const token = await signToken(key, { scopes, audience, isUnaddressed }, signedAt);
  return { token, expiresAt: Math.floor(signedAt / 1000) + signedTokenSeconds };
}
