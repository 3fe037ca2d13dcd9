import type { Context } from "../../sources/context.ts";
import { Failure, messageOf } from "../../sources/failure.ts";
import { browserSignIn } from "../../sources/login/browser-sign-in.ts";
import { googleClient } from "../../sources/login/oauth-server.ts";
import { hasBrowser } from "../../sources/login/open-browser.ts";
import { pasteSignIn } from "../../sources/login/paste-sign-in.ts";
import type { Tokens } from "../../sources/login/sign-in.ts";
import { registryScope } from "../../sources/scope.ts";
import { readSettings } from "../../sources/settings.ts";
import { endpointsOf, redirected } from "../../sources/source-context.ts";
import { keepLogin } from "./login-file.ts";
import { authorizationUri, googleTokenUri } from "./login-page.ts";

/** Somebody who went away does not leave a port open for ever. */
const waitMilliseconds = 5 * 60_000;

/** `gcr-login`: signs in at Google with a browser, of this machine or of another, and keeps the login. */
export async function login(context: Context): Promise<number> {
  return await run("unable to authenticate user", context, async () => {
    const { accessToken, refreshToken, expiresAt } = await signIn(context);
    const kept = { accessToken, refreshToken, expiresAt: expiresAt && expiresAt * 1000 };
    return await run("unable to persist access token", context, async () => {
      await keepLogin(context.env, kept);
      return 0;
    });
  });
}

async function signIn(context: Context): Promise<Tokens> {
  const settings = readSettings(context.env);
  const endpoints = endpointsOf(settings);
  const request = {
    server: { authorizationUri: authorizationUri(settings), tokenUri: googleTokenUri },
    client: googleClient(settings, context.env),
    scopes: [registryScope],
    context: { ...context, fetch: (sent: Request) => context.fetch(redirected(sent, endpoints)) },
    expires: AbortSignal.timeout(waitMilliseconds),
  };
  return hasBrowser(context.env) ? await browserSignIn(request) : await pasteSignIn(request);
}

async function run(what: string, { stderr }: Context, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    stderr(`Login failure: ${what}: ${messageOf(error)}\n`);
    if (error instanceof Failure && error.hint !== undefined)
      stderr(`waybill: hint: ${error.hint.replace("waybill auth login", "docker-credential-gcr gcr-login")}\n`);
    return 1;
  }
}
