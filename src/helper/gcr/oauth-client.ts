import type { Settings } from "../../sources/settings.ts";
import { endpointsOf } from "../../sources/source-context.ts";

/** Who asks Google for a login, and where: RFC 6749's client and endpoints. */
export type OAuthClient = { id: string; secret: string; authorizationUri: string; tokenUri: string };

/**
 * The client that docker-credential-gcr's users log in to: a refresh token is good only with the client that it was given
 * to, so a login of theirs needs it here. A program on everybody's machine keeps no secret (RFC 8252 section 8.5), and
 * this one is published as "not so secret".
 */
export const googleClient: OAuthClient = {
  id: "99426463878-o7n0bshgue20tdpm25q4at0vs2mr4utq.apps.googleusercontent.com",
  secret: "HpVi8cnKx8AAkddzaNrSWmS8",
  authorizationUri: "https://accounts.google.com/o/oauth2/auth",
  tokenUri: "https://oauth2.googleapis.com/token",
};

/** The page to log in at, or the one that stands in for it (`waybill config set endpoints`). */
export function authorizationUri(settings: Settings): string {
  const url = new URL(googleClient.authorizationUri);
  return (endpointsOf(settings).get(url.origin) ?? url.origin) + url.pathname;
}
