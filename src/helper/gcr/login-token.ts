import type { Context } from "../../sources/context.ts";
import { Failure, messageOf } from "../../sources/failure.ts";
import type { Secret } from "../../sources/secret.ts";
import type { Settings } from "../../sources/settings.ts";
import { type Login, readLogin } from "./login-file.ts";

/** With less left than this a token is as good as expired: it has a way to go. */
const expirySlackMilliseconds = 10_000;

const loginHint = "log in again: docker-credential-gcr gcr-login";

/**
 * The token of the login that `gcr-login` has kept, renewed when it has less than `minimumSeconds` left; undefined when
 * nobody is logged in. What was renewed is kept, so that the next process need not. If renewing fails, what is still valid is used.
 */
export async function loginToken(
  context: Context,
  settings: Settings,
  minimumSeconds: number,
): Promise<Secret | undefined> {
  const login = readLogin(context.env);
  if (login === undefined) return undefined;
  if (lasts(login, minimumSeconds * 1000, context)) return login.accessToken;
  const isValid = lasts(login, expirySlackMilliseconds, context);
  if (login.refreshToken === undefined) {
    if (!isValid) throw new Failure("oauth2: token expired and refresh token is not set", loginHint);
    return shortLived(login, "it cannot be renewed", context);
  }
  const { LoginEnded, renewLogin } = await import("./renew-login.ts");
  try {
    const isEnough = (candidate: Login) => lasts(candidate, minimumSeconds * 1000, context);
    return (await renewLogin(isEnough, settings, context)).accessToken;
  } catch (error) {
    if (isValid) return shortLived(login, messageOf(error), context);
    if (error instanceof Failure) throw error;
    throw new Failure(messageOf(error), error instanceof LoginEnded ? loginHint : undefined);
  }
}

function lasts({ accessToken, expiresAt }: Login, milliseconds: number, { now }: Context): boolean {
  return accessToken.reveal() !== "" && (expiresAt === undefined || expiresAt - now() > milliseconds);
}

function shortLived({ accessToken, expiresAt = 0 }: Login, why: string, { now, stderr }: Context): Secret {
  const seconds = Math.floor((expiresAt - now()) / 1000);
  stderr(`waybill: warning: the token of docker-credential-gcr's login is good for only ${seconds} s more: ${why}\n`);
  return accessToken;
}
