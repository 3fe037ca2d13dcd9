// An account that signed in: whose it is, keeping it, and ending it.
import { forgetAccount, useAccount } from "../accounts.ts";
import type { Context, Env } from "../context.ts";
import { isEmail } from "../email.ts";
import { Failure, messageOf } from "../failure.ts";
import { parseRegistryHost, type RegistryHost } from "../registry-host.ts";
import type { Secret } from "../secret.ts";
import { registryHostsOf, type Server } from "../server.ts";
import { type Account, changeSettings, readSettings, type Settings } from "../settings.ts";
import { removeCachedTokens } from "../token-cache.ts";
import { postForm, refusal, send } from "../token-request.ts";
import type { OAuthClient, OAuthServer } from "./oauth-server.ts";
import { deleteRefreshToken, readRefreshToken, writeRefreshToken } from "./refresh-token.ts";
import type { Tokens } from "./sign-in.ts";

type SignedIn = { tokens: Tokens; server: Server; oauth: OAuthServer; client: OAuthClient; mayPush: boolean };

/** Keeps the account that the tokens are of, and makes it the one of its server's hosts. */
export async function keepAccount(
  { tokens, server, oauth, client, mayPush }: SignedIn,
  context: Context,
): Promise<{ email: string; hosts: RegistryHost[]; keptIn: "keychain" | "file" }> {
  const settings = readSettings(context.env);
  const email = accountName(await whoIs(tokens, oauth, context), server, settings);
  const keptIn = await writeRefreshToken(context.env, email, tokens.refreshToken, settings.whole.keychain !== false);
  const account: Account = {
    server,
    keyId: crypto.randomUUID(), // Tokens of an earlier sign-in are not this one's.
    tokenUri: oauth.tokenUri,
    login: {
      clientId: client.id,
      ...(client.secret === undefined ? {} : { clientSecret: client.secret }),
      ...(oauth.revocationUri === undefined ? {} : { revocationUri: oauth.revocationUri }),
      keptIn,
    },
  };
  await changeSettings(context.env, (changed) => useAccount(changed, email, account, mayPush));
  await removeCachedTokens(context.env, email);
  return { email, hosts: registryHostsOf(server), keptIn };
}

/** One person's accounts at two servers have two names. */
function accountName(email: string, server: Server, { accounts }: Settings): string {
  const before = accounts.get(email);
  return before === undefined || before.server === server
    ? email
    : `${email}@${new URL(server).host.replace(":", "_")}`;
}

/** The server said it in the id token, which came straight from it; else it is asked (OpenID Connect Core 5.3). */
async function whoIs({ idToken, accessToken }: Tokens, oauth: OAuthServer, { fetch }: Context): Promise<string> {
  const email = emailIn(idToken) ?? (await askWho(accessToken, oauth, fetch));
  if (typeof email === "string" && isEmail(email)) return email;
  throw new Failure("the server does not say who signed in", "tell who runs it: there is no e-mail in its answer");
}

function emailIn(idToken: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(idToken?.split(".")[1] ?? "", "base64url").toString()).email;
  } catch {
    return undefined;
  }
}

async function askWho(token: Secret, { userinfoUri }: OAuthServer, fetch: Context["fetch"]): Promise<unknown> {
  if (userinfoUri === undefined) return undefined;
  const headers = { authorization: `Bearer ${token.reveal()}` };
  return (await send(new Request(userinfoUri, { headers }), fetch)).fields.email;
}

/** Ends a sign-in: at the server (RFC 7009), so that its refresh token is worth nothing, and on this machine. */
export async function endSignIn(email: string, account: Account, context: Context): Promise<RegistryHost[]> {
  const trouble = await revoke(email, account, context).catch((error) => messageOf(error));
  const hosts = await forgetAccount(context.env, email);
  if (account.login) await deleteRefreshToken(context.env, email, account.login);
  if (trouble !== undefined)
    throw new Failure(
      `${email} is forgotten on this machine, but the sign-in is still valid at ${account.server}: ${trouble}`,
      "end it there, where your account shows who may act for you",
    );
  return hosts;
}

async function revoke(email: string, { login }: Account, context: Context): Promise<string | undefined> {
  if (login?.revocationUri === undefined) return "the server has no way to end one";
  const token = await readRefreshToken(context.env, email, login);
  const form = {
    token: token.reveal(),
    token_type_hint: "refresh_token",
    client_id: login.clientId,
    ...(login.clientSecret === undefined ? {} : { client_secret: login.clientSecret }),
  };
  const answer = await postForm(login.revocationUri, form, context.fetch);
  return answer.status === 200 ? undefined : messageOf(refusal(login.revocationUri, answer));
}

/** The account that somebody means by its name, by a host it is for, or by nothing: the active one. */
export function accountMeant(text: string | undefined, env: Env): { email: string; account: Account } {
  const settings = readSettings(env);
  const host = text === undefined ? undefined : parseRegistryHost(text);
  const email = text === undefined ? settings.active : settings.accounts.has(text) ? text : hostAccount(host, settings);
  const account = email === undefined ? undefined : settings.accounts.get(email);
  if (email !== undefined && account !== undefined) return { email, account };
  throw new Failure(
    text === undefined ? "no account is active on this machine" : `${text} is no account of this machine`,
    "see which are: waybill auth list",
  );
}

function hostAccount(host: RegistryHost | undefined, { registries }: Settings): string | undefined {
  return host && registries.get(host);
}
