import { html } from "hono/html";
import { mayHavePasskeys } from "../../../identity/people/passkeys.ts";
import { SignInError } from "../../../identity/people/sign-in-error.ts";
import type { UserRow } from "../../../storage/metadata/users.ts";
import { whenceOf } from "../../audit-facts.ts";
import { type Html, renderPage } from "../page.ts";
import { seeOther } from "../parts/form.ts";
import { clearCookie, readCookie, setCookie } from "../session-cookie.ts";
import { ownPath } from "./own-path.ts";
import type { PeopleCall, PeopleRoute } from "./people-route.ts";

/** `/console/sign-in`: by password, by passkey, and by whatever OIDC providers the operator set. Signing out. */
export const signInRoutes: readonly PeopleRoute[] = [
  { method: "GET", pattern: "/console/sign-in", who: "anybody", handle: async (call) => await signInPage(call) },
  { method: "POST", pattern: "/console/sign-in", who: "anybody", handle: signIn },
  { method: "POST", pattern: "/console/sign-in/passkey", who: "anybody", handle: passkeyRequest },
  { method: "GET", pattern: "/console/sign-in/with/{provider}", who: "anybody", handle: goToProvider },
  { method: "GET", pattern: "/console/sign-in/with/{provider}/callback", who: "anybody", handle: backFromProvider },
  { method: "POST", pattern: "/console/sign-out", who: "signed in", handle: signOut },
];

/** Notes what somebody did with their sign-in. */
export function noteSession({ services, context }: PeopleCall, { id, email }: UserRow, action: string, detail = {}) {
  const who = { principal: `user:${email}`, id: `user:${id}`, credential: "session" };
  services.audit.note({ kind: "session", action, detail, who, from: whenceOf(context) });
}

/** The answer that leaves somebody signed in: with a new cookie, and without what the sign-in was tied to. */
export async function signedIn(call: PeopleCall, cookie: string, how: string, next: string): Promise<Response> {
  const { services, context } = call;
  const caller = await services.sessions.find(cookie);
  if (caller?.principal.kind === "user") noteSession(call, caller.principal, "sign-in", { how });
  const answer = seeOther(next);
  answer.headers.append("set-cookie", setCookie("session", cookie, context));
  answer.headers.append("set-cookie", clearCookie("visit", context));
  return answer;
}

async function signIn(call: PeopleCall): Promise<Response> {
  const { services, form, from } = call;
  const next = ownPath(form.next);
  try {
    const [user, how] = form.passkey
      ? ([await byPasskey(call, form.passkey), "passkey"] as const)
      : ([
          await services.passwordSignIn.check(form.email ?? "", form.password ?? "", from.address),
          "password",
        ] as const);
    await endFormer(call);
    return await signedIn(call, await services.sessions.begin(user, how, from), how, next);
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    return await signInPage(call, error);
  }
}

async function byPasskey({ services, context, visit, from }: PeopleCall, answer: string) {
  const wait = services.guessLimits.wait(undefined, from.address);
  if (wait > 0) throw new SignInError("slowed", "Too many sign-ins failed here.", { retryAfterSeconds: wait });
  services.guessLimits.note(undefined, from.address);
  const user = await services.passkeys.answered(context.origin, visit, parseJson(answer));
  services.guessLimits.forgive(undefined, from.address);
  return user;
}

/** A browser has one session: the one that it had before is nobody's from now on. */
async function endFormer({ services, request, context }: PeopleCall): Promise<void> {
  const former = await services.sessions.find(readCookie(request, "session", context));
  if (former?.principal.kind === "user") await services.sessions.end(former.principal.id, former.sessionId);
}

async function passkeyRequest({ services, context, visit }: PeopleCall): Promise<Response> {
  services.doorkeeper.countAnonymous(context);
  return Response.json(await services.passkeys.request(context.origin, visit), {
    headers: { "cache-control": "no-store" },
  });
}

/** A link and no form: browsers hold every address that a provider sends its visitors through against `form-action`. */
async function goToProvider({ services, context, path, query, visit }: PeopleCall): Promise<Response> {
  services.doorkeeper.countAnonymous(context);
  const provider = services.outsideSignIn.find(path.provider ?? "");
  if (!provider) throw new SignInError("refused", "There is no such way to sign in here.");
  const redirectUri = `${context.origin}${callbackOf(provider.name)}`;
  const next = ownPath(query.get("next") ?? undefined);
  return seeOther((await services.outsideSignIn.begin(provider, redirectUri, visit, next)).href);
}

async function backFromProvider(call: PeopleCall): Promise<Response> {
  const { services, context, path, query, visit, from } = call;
  services.doorkeeper.countAnonymous(context);
  const provider = services.outsideSignIn.find(path.provider ?? "");
  if (!provider) throw new SignInError("refused", "There is no such way to sign in here.");
  const answer = new URL(`${context.origin}${callbackOf(provider.name)}?${query}`);
  const { user, next } = await services.outsideSignIn.finish(provider, answer, visit);
  await endFormer(call);
  return await signedIn(call, await services.sessions.begin(user, provider.name, from), provider.name, next);
}

function callbackOf(provider: string): string {
  return `/console/sign-in/with/${provider}/callback`;
}

async function signOut(call: Parameters<SignedInHandle>[0]): Promise<Response> {
  const { services, caller, user, context } = call;
  noteSession(call, user, "sign-out");
  await services.sessions.end(user.id, caller.sessionId);
  const answer = seeOther("/console/sign-in");
  answer.headers.append("set-cookie", clearCookie("session", context));
  return answer;
}

type SignedInHandle = Extract<PeopleRoute, { who: "signed in" }>["handle"];

async function signInPage(call: PeopleCall, error?: SignInError): Promise<Response> {
  const { services, csrf, form, query, context } = call;
  const next = ownPath(form.next ?? query.get("next") ?? undefined);
  const providers = services.outsideSignIn.providers.map(
    ({ name, title }) =>
      html`<a class="button" href="/console/sign-in/with/${name}?next=${encodeURIComponent(next)}">Sign in with ${title}</a>`,
  );
  const passkey = mayHavePasskeys(context.origin);
  const body = html`<div class="stack"><h1>Sign in</h1>
${trouble(error)}
<section class="card"><form class="fields" method="post" action="/console/sign-in"${passkey && html` data-passkey="get" data-options="/console/sign-in/passkey"`}>
<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="next" value="${next}"><input type="hidden" name="passkey">
<label>E-mail<input name="email" type="email" maxlength="254" autocomplete="username webauthn" value="${form.email ?? ""}" autofocus></label>
<label>Password<input name="password" type="password" maxlength="256" autocomplete="current-password"></label>
<div><button class="primary">Sign in</button></div>
${passkey && html`<div><button type="button" data-passkey-button hidden>Use a passkey</button></div>`}
</form>${providers.length > 0 && html`<div class="stack">${providers}</div>`}</section>
<p class="soft">Somebody who owns this registry can send you a link to come in with, or a new one when you lost your password.</p></div>`;
  const status = error ? { refused: 401, slowed: 429, stale: 410, invalid: 400 }[error.code] : 200;
  const scripts = passkey ? (["passkey.js"] as const) : [];
  const answer = await renderPage({ title: "Sign in", body, narrow: true, scripts, status });
  if (error && error.retryAfterSeconds > 0) answer.headers.set("retry-after", String(error.retryAfterSeconds));
  return answer;
}

/** What went wrong, where a form is shown again. */
export function trouble(error: SignInError | undefined): Html | false {
  if (!error) return false;
  const wait = error.retryAfterSeconds > 0 && ` Try again in ${error.retryAfterSeconds} seconds.`;
  return html`<p class="notice bad" role="alert">${error.message}${wait}</p>`;
}

/** The browser's answer as it put it into a form; anything else is refused by whoever reads it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
