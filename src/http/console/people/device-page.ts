import { html } from "hono/html";
import { findOAuthClient } from "../../../identity/people/oauth-clients.ts";
import { SignInError } from "../../../identity/people/sign-in-error.ts";
import { parseScopes } from "../../../identity/scopes.ts";
import type { DeviceCodeRow } from "../../../storage/metadata/device-codes.ts";
import { renderPage } from "../page.ts";
import { scopeList } from "./consent.ts";
import type { PeopleRoute, SignedInCall } from "./people-route.ts";
import { noteSession, trouble } from "./sign-in-page.ts";

/** `/device`: somebody types the code that a device without a browser shows (RFC 8628 section 3.3), sees what it asks for, and answers. */
export const deviceRoutes: readonly PeopleRoute[] = [
  { method: "GET", pattern: "/device", who: "signed in", handle: async (call) => await codePage(call) },
  { method: "POST", pattern: "/device", who: "signed in", handle: typed },
  { method: "POST", pattern: "/device/answer", who: "signed in", handle: answered },
];

async function typed(call: SignedInCall): Promise<Response> {
  try {
    return await consentPage(call, await findDevice(call));
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    return await codePage(call, error);
  }
}

async function answered(call: SignedInCall): Promise<Response> {
  const { services, form, user, viewer } = call;
  try {
    await findDevice(call);
    const allowed = form.decision === "allow";
    if (!(await services.devices.answer(form.code ?? "", user.id, allowed))) throw unknownCode();
    if (allowed) noteSession(call, user, "device allowed");
    const text = allowed ? "The device is signed in. You may close this page." : "The device was not let in.";
    const body = html`<div class="stack"><h1>Done</h1><p>${text}</p></div>`;
    return await renderPage({ title: "Done", body, viewer, narrow: true });
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    return await codePage(call, error);
  }
}

/** Guessing codes is slowed like guessing passwords (RFC 8628 section 5.1). */
async function findDevice({ services, form, user, context }: SignedInCall): Promise<DeviceCodeRow> {
  const limit = [`device code of ${user.id}`, context.address] as const;
  const wait = services.guessLimits.wait(...limit);
  if (wait > 0)
    throw new SignInError("slowed", "Too many wrong codes came before this one.", { retryAfterSeconds: wait });
  services.guessLimits.note(...limit);
  const device = await services.devices.find(form.code ?? "");
  if (!device) throw unknownCode();
  services.guessLimits.forgive(...limit);
  return device;
}

function unknownCode(): SignInError {
  return new SignInError("invalid", "No device waits with that code. It may be too old.");
}

async function codePage(call: SignedInCall, error?: SignInError): Promise<Response> {
  const { csrf, viewer } = call;
  const body = html`<div class="stack"><h1>Sign a device in</h1>
${trouble(error)}
<section class="card"><form class="fields" method="post" action="/device"><input type="hidden" name="csrf" value="${csrf}">
<label>The code that it shows<input name="code" required maxlength="20" autocomplete="off" spellcheck="false" autocapitalize="characters" placeholder="BCDF-GHJK" autofocus></label>
<div><button class="primary">Go on</button></div></form></section>
<p class="soft">Type a code only that you see on a device of your own. Whoever sent you one wants to be let in as you.</p></div>`;
  const status = error ? (error.code === "slowed" ? 429 : 400) : 200;
  return await renderPage({ title: "Sign a device in", body, viewer, narrow: true, status });
}

async function consentPage({ csrf, viewer, user, form }: SignedInCall, device: DeviceCodeRow): Promise<Response> {
  const name = findOAuthClient(device.clientId)?.name ?? device.clientId;
  const body = html`<div class="stack"><h1>Let ${name} act for you?</h1>
<p>You are <strong>${user.email}</strong>. A device at the address <code>${device.address || "unknown"}</code> asks for it. It could:</p>
<section class="card">${scopeList(parseScopes(device.scopes) ?? [])}
<form class="inline" method="post" action="/device/answer"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="code" value="${form.code ?? ""}">
<button class="primary" name="decision" value="allow">Allow</button> <button name="decision" value="deny">Do not allow</button></form></section>
<p class="soft">Allow it only if you have just begun this yourself. You can end it at any time, under <a href="/console/account">your account</a>.</p></div>`;
  return await renderPage({ title: "Let a device act for you", body, viewer, narrow: true });
}
