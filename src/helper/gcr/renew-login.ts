import type { Context } from "../../sources/context.ts";
import { withDeadline } from "../../sources/deadline.ts";
import { googleClient } from "../../sources/login/oauth-server.ts";
import type { Settings } from "../../sources/settings.ts";
import { sourceContext } from "../../sources/source-context.ts";
import type { SourceContext } from "../../sources/token-source.ts";
import { changeLogin, type Login, readLogin } from "./login-file.ts";
import { requestToken } from "./oauth-token.ts";

export { LoginEnded } from "./oauth-token.ts";

/** Renews the login and keeps it. Of many processes that want to, one asks and the others find what it kept. */
export async function renewLogin(
  isEnough: (login: Login) => boolean,
  settings: Settings,
  context: Context,
): Promise<Login> {
  return await withDeadline("the login was not renewed", (signal) =>
    renewOnce(isEnough, sourceContext(context, settings, signal)),
  );
}

async function renewOnce(isEnough: (login: Login) => boolean, context: SourceContext): Promise<Login> {
  let latest: Login | undefined;
  try {
    await changeLogin(context.env, async (old) => {
      latest = old !== undefined && isEnough(old) ? old : await refresh(old, context);
      return latest;
    });
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
  // Where nothing can be written, a token is still a token.
  return latest ?? (await refresh(readLogin(context.env), context));
}

async function refresh(old: Login | undefined, context: SourceContext): Promise<Login> {
  const token = old?.refreshToken;
  if (token === undefined) throw new Error("somebody has logged out at this moment");
  const grant = { grant_type: "refresh_token", refresh_token: token.reveal() };
  const login = await requestToken(googleClient(context.settings, context.env), grant, context);
  return { ...login, refreshToken: login.refreshToken ?? token };
}

function isUnwritable(error: unknown): boolean {
  return ["EACCES", "EPERM", "EROFS", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}
