import type { Context, Env } from "../context.ts";
import { Failure } from "../failure.ts";
import { type Server, serverOf } from "../server.ts";
import type { Settings } from "../settings.ts";
import { send } from "../token-request.ts";

/** Where somebody signs in. */
export type OAuthServer = {
  authorizationUri: string;
  tokenUri: string;
  deviceUri?: string;
  revocationUri?: string;
  userinfoUri?: string;
};

/** Who we are to that server. */
export type OAuthClient = { id: string; secret?: string };

/** Google's, which do not come from where its images are. */
export const googleOAuthServer: OAuthServer = {
  authorizationUri: "https://accounts.google.com/o/oauth2/v2/auth",
  tokenUri: "https://oauth2.googleapis.com/token",
  deviceUri: "https://oauth2.googleapis.com/device/code",
  revocationUri: "https://oauth2.googleapis.com/revoke",
  userinfoUri: "https://openidconnect.googleapis.com/v1/userinfo",
};

/** A server's own account of itself (OpenID Connect Discovery). It speaks for its own origin and for no other. */
export async function discover(server: Server, { fetch }: Pick<Context, "fetch">): Promise<OAuthServer> {
  const url = `${server}/.well-known/openid-configuration`;
  const { status, fields } = await send(new Request(url), fetch);
  if (status !== 200)
    throw new Failure(`${server} says nothing about signing in: status ${status}`, "is that the registry's address?");
  if (typeof fields.issuer !== "string" || URL.parse(fields.issuer)?.origin !== server)
    throw new Failure(`${server} answers in the name of ${JSON.stringify(fields.issuer)}`, "sign in there instead");
  const at = (name: string) => endpoint(fields[name], name, server);
  const [authorizationUri, tokenUri] = [at("authorization_endpoint"), at("token_endpoint")];
  if (authorizationUri === undefined || tokenUri === undefined)
    throw new Failure(`${server} has no sign-in for people`, "use a service account's key");
  return {
    authorizationUri,
    tokenUri,
    ...optional("deviceUri", at("device_authorization_endpoint")),
    ...optional("revocationUri", at("revocation_endpoint")),
    ...optional("userinfoUri", at("userinfo_endpoint")),
  };
}

/** What is sent there is as good as the password: it goes to no other host than the one that was named. */
function endpoint(value: unknown, name: string, server: Server): string | undefined {
  if (value === undefined) return undefined;
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url !== null && serverOf(url) === server) return url.href;
  throw new Failure(`${server} names a ${name} that is not its own`, "tell who runs it");
}

function optional<Name extends string>(name: Name, value: string | undefined): { [key in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: string };
}

/** Who we are to a server of ours: registered there from the start. */
export const ownClient: OAuthClient = { id: "waybill" };

/**
 * Who we are to Google: a client that the user's organisation registered there. This program brings none of its own, and
 * lends itself nobody else's.
 */
export function googleClient({ whole }: Pick<Settings, "whole">, env: Env): OAuthClient {
  const set = (whole.googleClient ?? {}) as Partial<OAuthClient>;
  const id = env.WAYBILL_GOOGLE_CLIENT_ID || set.id;
  const secret = env.WAYBILL_GOOGLE_CLIENT_SECRET || set.secret;
  if (id !== undefined) return secret === undefined ? { id } : { id, secret };
  throw new Failure(
    "Google signs people in to registered programs only, and none is set here",
    "set WAYBILL_GOOGLE_CLIENT_ID and WAYBILL_GOOGLE_CLIENT_SECRET, or: waybill config set google-client-id ID; " +
      "or sign in with gcloud: gcloud auth application-default login",
  );
}
