import { html } from "hono/html";
import { mayHavePasskeys } from "../../../identity/people/passkeys.ts";
import { SignInError } from "../../../identity/people/sign-in-error.ts";
import { type Html, renderPage } from "../page.ts";
import { actButton, seeOther } from "../parts/form.ts";
import { table } from "../parts/table.ts";
import { timeAgo } from "../parts/time.ts";
import type { PeopleRoute, SignedInCall } from "./people-route.ts";
import { noteSession, parseJson, trouble } from "./sign-in-page.ts";

const here = "/console/account";
/** A new way in outlives the session: whoever finds a browser open is not to make one. */
const freshMilliseconds = 15 * 60 * 1000;

/** `/console/account`: where somebody is signed in, what acts for them, and how they sign in. */
export const accountRoutes: readonly PeopleRoute[] = [
  { method: "GET", pattern: here, who: "signed in", handle: async (call) => await accountPage(call) },
  { method: "POST", pattern: `${here}/end-session`, who: "signed in", handle: endSession },
  { method: "POST", pattern: `${here}/end-login`, who: "signed in", handle: endLogin },
  { method: "POST", pattern: `${here}/password`, who: "signed in", handle: setPassword },
  { method: "POST", pattern: `${here}/passkey`, who: "signed in", handle: addPasskey },
  { method: "POST", pattern: `${here}/passkey/remove`, who: "signed in", handle: removePasskey },
  { method: "POST", pattern: `${here}/passkey/creation`, who: "signed in", handle: passkeyCreation },
];

async function endSession(call: SignedInCall): Promise<Response> {
  const { services, user, form } = call;
  if (await services.sessions.end(user.id, form.id ?? "")) noteSession(call, user, "session ended");
  return seeOther(here);
}

async function endLogin(call: SignedInCall): Promise<Response> {
  const { services, user, form } = call;
  if (await services.logins.end(`user:${user.id}`, form.id ?? "")) noteSession(call, user, "login ended");
  return seeOther(here);
}

async function setPassword(call: SignedInCall): Promise<Response> {
  const { services, user, caller, form } = call;
  return await changing(call, async () => {
    const { password = "", again = "" } = form;
    if (password !== again) throw new SignInError("invalid", "The two passwords differ.");
    await services.joining.changePassword(user, password, caller.sessionId);
  });
}

async function addPasskey(call: SignedInCall): Promise<Response> {
  const { services, user, visit, context, form } = call;
  return await changing(call, async () => {
    const passkey = await services.passkeys.created(context.origin, visit, parseJson(form.passkey ?? ""));
    await services.joining.addPasskey(user, passkey);
  });
}

async function removePasskey(call: SignedInCall): Promise<Response> {
  return await changing(call, async () => await call.services.joining.removePasskey(call.user, call.form.id ?? ""));
}

async function passkeyCreation({ services, context, visit, user }: SignedInCall): Promise<Response> {
  const options = await services.passkeys.creation(context.origin, visit, user.email);
  return Response.json(options, { headers: { "cache-control": "no-store" } });
}

/** Changes how somebody signs in, soon after they did. */
async function changing(call: SignedInCall, change: () => Promise<void>): Promise<Response> {
  if (!isFresh(call)) return seeOther(`/console/sign-in?next=${encodeURIComponent(here)}`);
  try {
    await change();
    noteSession(call, call.user, "way to sign in changed");
    return seeOther(here);
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    return await accountPage(call, error);
  }
}

function isFresh({ services, caller }: SignedInCall): boolean {
  return caller.signedInAt + freshMilliseconds > services.now();
}

async function accountPage(call: SignedInCall, error?: SignInError): Promise<Response> {
  const { user, viewer } = call;
  const body = html`<div class="stack"><h1>Your account</h1><p class="soft">${user.email}</p>
${trouble(error)}
<h2>Browsers that are signed in</h2><section class="card flush">${await sessions(call)}</section>
<h2>Programs that may act for you</h2>${await logins(call)}
<h2>How you sign in</h2>${await passkeys(call)}<section class="card">${ways(call)}</section></div>`;
  const scripts = ["passkey.js"] as const;
  return await renderPage({ title: "Your account", body, viewer, scripts, status: error ? 400 : 200 });
}

async function sessions(call: SignedInCall): Promise<Html> {
  const { services, user, caller } = call;
  const rows = (await services.sessions.list(user.id)).map(({ id, how, address, agent, usedAt }) => [
    agent,
    address,
    how,
    timeAgo(usedAt, services.now()),
    id === caller.sessionId
      ? "this one"
      : actButton(call, `${here}/end-session`, "End", { danger: true, fields: { id } }),
  ]);
  const columns = [{ label: "Browser" }, { label: "Address" }, { label: "By" }, { label: "Last used" }];
  return table("Browsers that are signed in", [...columns, { label: "End", quiet: true } as const], rows);
}

async function logins(call: SignedInCall): Promise<Html> {
  const { services, user } = call;
  const rows = (await services.logins.list(`user:${user.id}`)).map(({ id, clientId, address, createdAt, usedAt }) => [
    clientId,
    address,
    timeAgo(createdAt, services.now()),
    timeAgo(usedAt, services.now()),
    actButton(call, `${here}/end-login`, "End", { danger: true, fields: { id } }),
  ]);
  if (rows.length === 0) return html`<p class="soft">None. <code>waybill auth login</code> makes one.</p>`;
  const columns = [{ label: "Program" }, { label: "Address" }, { label: "Since" }, { label: "Last used" }];
  const quiet = { label: "End", quiet: true } as const;
  return html`<section class="card flush">${table("Programs that may act for you", [...columns, quiet], rows)}</section>`;
}

async function passkeys(call: SignedInCall): Promise<Html | false> {
  const { services, user } = call;
  const fresh = isFresh(call);
  const rows = (await services.joining.passkeysOf(user)).map(({ id, createdAt, usedAt }) => [
    html`<code>${id.slice(0, 12)}</code>`,
    timeAgo(createdAt, services.now()),
    usedAt === null ? "never" : timeAgo(usedAt, services.now()),
    fresh ? actButton(call, `${here}/passkey/remove`, "Remove", { danger: true, fields: { id } }) : undefined,
  ]);
  if (rows.length === 0) return false;
  const columns = [
    { label: "Passkey" },
    { label: "Since" },
    { label: "Last used" },
    { label: "Remove", quiet: true },
  ] as const;
  return html`<section class="card flush">${table("Your passkeys", columns, rows)}</section>`;
}

function ways(call: SignedInCall): Html {
  const { csrf, context, user } = call;
  if (!isFresh(call)) {
    return html`<p>To change it, <a href="/console/sign-in?next=${encodeURIComponent(here)}">sign in again</a> first.</p>`;
  }
  const passkey = html`<form class="inline" method="post" action="${here}/passkey" data-passkey="create" data-options="${here}/passkey/creation">
<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="passkey">
<button type="button" data-passkey-button hidden>Add a passkey</button></form>`;
  return html`${mayHavePasskeys(context.origin) && passkey}
<form class="fields" method="post" action="${here}/password"><input type="hidden" name="csrf" value="${csrf}"><input name="username" autocomplete="username" value="${user.email}" hidden>
<label>New password<input name="password" type="password" minlength="12" maxlength="256" required autocomplete="new-password"><small>12 characters or more. Your other browsers are signed out.</small></label>
<label>The same password again<input name="again" type="password" maxlength="256" required autocomplete="new-password"></label>
<div><button>Set password</button></div></form>`;
}
