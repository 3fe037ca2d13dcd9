import { html } from "hono/html";
import { AdministrationError } from "../../../identity/administration-error.ts";
import type { ChosenWay } from "../../../identity/people/joining.ts";
import { staleLink } from "../../../identity/people/joining.ts";
import { mayHavePasskeys } from "../../../identity/people/passkeys.ts";
import { SignInError } from "../../../identity/people/sign-in-error.ts";
import type { Writer } from "../../../storage/metadata/schema.ts";
import { renderPage } from "../page.ts";
import type { PeopleCall, PeopleRoute } from "./people-route.ts";
import { parseJson, signedIn, trouble } from "./sign-in-page.ts";

/** The two links that let somebody in: that of `waybill setup`, and an invitation. Their codes stay in the fragment, out of every log. */
type Link = "setup" | "invitation";

/** `/console/setup` and `/console/invitation`: choosing a way to sign in. */
export const joinRoutes: readonly PeopleRoute[] = (["setup", "invitation"] as const).flatMap((link): PeopleRoute[] => [
  { method: "GET", pattern: `/console/${link}`, who: "anybody", handle: async (call) => await joinPage(call, link) },
  { method: "POST", pattern: `/console/${link}`, who: "anybody", handle: async (call) => await join(call, link) },
  {
    method: "POST",
    pattern: `/console/${link}/passkey`,
    who: "anybody",
    handle: async (call) => await passkeyCreation(call, link),
  },
]);

async function join(call: PeopleCall, link: Link): Promise<Response> {
  const { services, form, from } = call;
  services.doorkeeper.countAnonymous(call.context);
  try {
    await emailFor(call, link);
    const way = await chosenWay(call);
    const code = form.code ?? "";
    if (link === "invitation")
      return await signedIn(call, await services.joining.accept(code, way, from), link, "/console/");
    const spend = (write: Writer) => services.setupCodes.spendIn(write, code);
    const cookie = await services.joining.becomeOwner(form.email ?? "", way, from, spend, services.makeOwner);
    return await signedIn(call, cookie, link, "/console/");
  } catch (error) {
    const known = error instanceof AdministrationError ? new SignInError("invalid", error.message) : error;
    if (!(known instanceof SignInError)) throw error;
    return await joinPage(call, link, known);
  }
}

/** Whose link it is, while the link is good. Throws SignInError `stale`. */
async function emailFor({ services, form }: PeopleCall, link: Link): Promise<string> {
  const code = form.code ?? "";
  if (link === "invitation") {
    const user = await services.joining.invited(code);
    if (!user) throw staleLink();
    return user.email;
  }
  if (!(await services.setupCodes.isGood(code))) throw staleLink();
  return services.users.requireEmail(form.email ?? "");
}

async function chosenWay({ services, context, visit, form }: PeopleCall): Promise<ChosenWay> {
  if (form.passkey) {
    const passkey = await services.passkeys.created(context.origin, visit, parseJson(form.passkey));
    return { kind: "passkey", passkey };
  }
  const { password = "", again = "" } = form;
  if (password !== again) throw new SignInError("invalid", "The two passwords differ.");
  return { kind: "password", password };
}

async function passkeyCreation(call: PeopleCall, link: Link): Promise<Response> {
  const { services, context, visit } = call;
  services.doorkeeper.countAnonymous(context);
  try {
    const options = await services.passkeys.creation(context.origin, visit, await emailFor(call, link));
    return Response.json(options, { headers: { "cache-control": "no-store" } });
  } catch (error) {
    if (!(error instanceof SignInError) && !(error instanceof AdministrationError)) throw error;
    return Response.json({ error: error.message }, { status: 400 });
  }
}

const words = {
  setup: {
    title: "Set up Waybill",
    text: "This makes you the owner of this registry. Choose how you will sign in.",
    hint: "Type waybill setup for a new link.",
  },
  invitation: {
    title: "Come in",
    text: "You were invited to this registry. Choose how you will sign in.",
    hint: "Ask whoever sent it for a new link.",
  },
} as const;

async function joinPage(call: PeopleCall, link: Link, error?: SignInError): Promise<Response> {
  const { csrf, form, context } = call;
  const { title, text, hint } = words[link];
  const passkey = mayHavePasskeys(context.origin);
  const body = html`<div class="stack"><h1>${title}</h1><p>${text}</p>
${trouble(error)}${error?.code === "stale" && html`<p class="soft">${hint}</p>`}
<section class="card"><form class="fields" method="post" action="/console/${link}" data-code${passkey && html` data-passkey="create" data-options="/console/${link}/passkey"`}>
<input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="passkey">
<label data-code-label>Code of the link<input name="code" maxlength="100" required autocomplete="off" spellcheck="false" value="${form.code ?? ""}"><small>What follows <code>#code=</code> in the link.</small></label>
${link === "setup" && html`<label>Your e-mail<input name="email" type="email" maxlength="254" required autocomplete="username" value="${form.email ?? ""}"></label>`}
${passkey && html`<div><button type="button" class="primary" data-passkey-button hidden>Make a passkey</button></div>`}
<label>Password<input name="password" type="password" minlength="12" maxlength="256" autocomplete="new-password"><small>12 characters or more.</small></label>
<label>The same password again<input name="again" type="password" maxlength="256" autocomplete="new-password"></label>
<div><button>Use a password</button></div>
</form></section></div>`;
  const status = error ? (error.code === "stale" ? 403 : 400) : 200;
  return await renderPage({ title, body, narrow: true, scripts: ["passkey.js"], status });
}
