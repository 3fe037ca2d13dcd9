// Signing in, in one of three ways that all end in the same answer of the server: tokens.
import type { Context } from "../context.ts";
import { Failure } from "../failure.ts";
import { Secret } from "../secret.ts";
import { postForm, readTokenAnswer } from "../token-request.ts";
import type { OAuthClient, OAuthServer } from "./oauth-server.ts";

/** What a way of signing in needs to know. `expires` ends the waiting for somebody who went away. */
export type SignIn = {
  server: OAuthServer;
  client: OAuthClient;
  scopes: readonly string[];
  context: Context;
  expires: AbortSignal;
};

/** What the server gave. */
export type Tokens = {
  refreshToken: Secret;
  accessToken: Secret;
  /** When the access token ends, in seconds since 1970; undefined where nobody said. */
  expiresAt: number | undefined;
  idToken: string | undefined;
};

/** A code that the server gave the browser, and what it was asked with. */
export type AuthorizationCode = { code: string; redirectUri: string; verifier: string };

/** The start of signing in: the address to open, and what must come back with the code. */
export type AuthorizationRequest = { url: string; state: string; verifier: string };

/**
 * The address that a browser is sent to (RFC 6749 section 4.1.1), with a challenge that only we can meet (RFC 7636): a
 * code that somebody else gets hold of is worth nothing.
 */
export async function authorizationRequest(
  { server, client, scopes }: SignIn,
  redirectUri: string,
): Promise<AuthorizationRequest> {
  const [verifier, state] = [randomText(), randomText()];
  const digest = await crypto.subtle.digest("SHA-256", Buffer.from(verifier));
  const url = new URL(server.authorizationUri);
  const query = {
    response_type: "code",
    client_id: client.id,
    redirect_uri: redirectUri,
    scope: scopes.join(" "),
    state,
    code_challenge: Buffer.from(digest).toString("base64url"),
    code_challenge_method: "S256",
    // Google gives a refresh token for the first, and a second time only for the other.
    access_type: "offline",
    prompt: "consent",
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return { url: url.href, state, verifier };
}

/** 256 bits, as RFC 7636 section 4.1 advises. */
function randomText(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
}

/** What came back: the code, if it is the answer to our own question. Undefined when it is not about us at all. */
export function codeFrom(query: URLSearchParams, state: string): string | undefined {
  if (query.get("state") !== state) return undefined;
  const error = query.get("error");
  if (error !== null) throw new Failure(`the server did not sign you in: ${error.slice(0, 100)}`);
  return query.get("code") ?? undefined;
}

/** Trades the code for tokens (RFC 6749 section 4.1.3). */
export async function redeem(
  { server, client, context }: SignIn,
  { code, redirectUri, verifier }: AuthorizationCode,
): Promise<Tokens> {
  const form = {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...clientFields(client),
  };
  return readTokens(server.tokenUri, await postForm(server.tokenUri, form, context.fetch), context.now());
}

/** How a client says who it is in a form. */
export function clientFields({ id, secret }: OAuthClient): Record<string, string> {
  return { client_id: id, ...(secret === undefined ? {} : { client_secret: secret }) };
}

/** The tokens of an answer. Without a refresh token it would be over in an hour, so that is a failure. */
export function readTokens(
  url: string,
  answer: { status: number; fields: Record<string, unknown> },
  nowMilliseconds: number,
): Tokens {
  const { token, expiresAt } = readTokenAnswer(url, answer, nowMilliseconds);
  const { refresh_token: refreshToken, id_token: idToken } = answer.fields;
  if (typeof refreshToken !== "string" || refreshToken === "")
    throw new Failure(`${url} gave no refresh token`, "withdraw this program's access there and sign in again");
  return {
    accessToken: token,
    expiresAt,
    refreshToken: new Secret(refreshToken),
    idToken: typeof idToken === "string" ? idToken : undefined,
  };
}
