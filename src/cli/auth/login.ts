import type { Context } from "../../sources/context.ts";
import { googleHostRules, matchesAny } from "../../sources/google.ts";
import { browserSignIn } from "../../sources/login/browser-sign-in.ts";
import { deviceSignIn } from "../../sources/login/device-sign-in.ts";
import {
  discover,
  googleClient,
  googleOAuthServer,
  type OAuthServer,
  ownClient,
} from "../../sources/login/oauth-server.ts";
import { hasBrowser } from "../../sources/login/open-browser.ts";
import { keepAccount } from "../../sources/login/own-account.ts";
import { pasteSignIn } from "../../sources/login/paste-sign-in.ts";
import type { SignIn, Tokens } from "../../sources/login/sign-in.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import { parseScope, platformScope, pullScope, registryScope } from "../../sources/scope.ts";
import { parseServer, type Server } from "../../sources/server.ts";
import { readSettings } from "../../sources/settings.ts";
import { endpointsOf, redirected } from "../../sources/source-context.ts";
import { type Invocation, parseList } from "../command.ts";

type LoginInvocation = Invocation<"scopes", "push" | "no-browser" | "paste">;

const waitMilliseconds = 5 * 60_000;
const googleServer = "https://gcr.io" as Server;

/** `waybill auth login` */
export async function run({ values, positionals, context }: LoginInvocation): Promise<number> {
  const server = serverNamed(positionals[0]);
  const isGoogle = server === googleServer;
  const mayPush = values.push === true;
  const bounded = withEndpoints(context);
  const settings = readSettings(context.env);
  const oauth = isGoogle ? googleAt(endpointsOf(settings)) : await discover(server, bounded);
  const client = isGoogle ? googleClient(settings, context.env) : ownClient;
  const wanted = isGoogle ? [mayPush ? registryScope : pullScope] : [platformScope];
  const scopes = [
    "openid",
    "email",
    ...(values.scopes === undefined ? wanted : parseList(values.scopes).map(parseScope)),
  ];
  const expires = AbortSignal.timeout(waitMilliseconds);
  const tokens = await signIn({ server: oauth, client, scopes, context: bounded, expires }, values);
  const { email, hosts, keptIn } = await keepAccount({ tokens, server, oauth, client, mayPush }, bounded);
  context.stderr(`Signed in as ${email} for ${hosts.join(", ")}, to ${mayPush ? "push and pull" : "pull"}.\n`);
  if (keptIn === "file")
    context.stderr("There is no keychain here: the sign-in is kept in a file that only you can read.\n");
  context.stderr(`Docker uses it after: waybill auth configure-docker${mayPush ? "" : " (to push too: --push)"}\n`);
  return 0;
}

/** Google's hosts have one sign-in; every other server has its own. */
function serverNamed(text: string | undefined): Server {
  const host = text === undefined ? undefined : parseRegistryHost(text);
  if (text === undefined) return googleServer;
  if (host !== undefined && matchesAny(host, googleHostRules)) return googleServer;
  return parseServer(text);
}

/** In a browser where there is one, else with a code on another machine, else by pasting back an address. */
function signIn(request: SignIn, values: LoginInvocation["values"]): Promise<Tokens> {
  const { server, context } = request;
  if (!values["no-browser"] && !values.paste && hasBrowser(context.env)) return browserSignIn(request);
  return server.deviceUri === undefined || values.paste
    ? pasteSignIn(request)
    : deviceSignIn(request, server.deviceUri);
}

/** The browser goes where our own requests would. */
function googleAt(endpoints: ReadonlyMap<string, string>): OAuthServer {
  const authorizationUri = redirected(new Request(googleOAuthServer.authorizationUri), endpoints).url;
  return { ...googleOAuthServer, authorizationUri };
}

function withEndpoints(context: Context): Context {
  const endpoints = endpointsOf(readSettings(context.env));
  return { ...context, fetch: (request) => context.fetch(redirected(request, endpoints)) };
}
