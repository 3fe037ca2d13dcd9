import { html } from "hono/html";
import { formatScopes } from "../../../identity/scopes.ts";
import { ConsoleError } from "../answer-console-error.ts";
import { pageHeaders, renderPage } from "../page.ts";
import { seeOther } from "../parts/form.ts";
import { type AuthorizationRequest, answerTo, parseAuthorization } from "./authorization-request.ts";
import { scopeList } from "./consent.ts";
import type { PeopleRoute, SignedInCall } from "./people-route.ts";
import { noteSession } from "./sign-in-page.ts";

/** `/authorize`: somebody lets a program of theirs act for them (RFC 6749 section 4.1). It always asks. */
export const authorizeRoutes: readonly PeopleRoute[] = [
  { method: "GET", pattern: "/authorize", who: "signed in", handle: ask },
  { method: "POST", pattern: "/authorize", who: "signed in", handle: answer },
];

async function ask(call: SignedInCall): Promise<Response> {
  const parsed = requireRequest(call.query);
  return parsed instanceof Response ? parsed : await consentPage(call, parsed);
}

async function answer(call: SignedInCall): Promise<Response> {
  const { services, form, user, context } = call;
  const parsed = requireRequest(new URLSearchParams(form.request));
  if (parsed instanceof Response) return parsed;
  const { client, redirectUri, scopes, state, challenge } = parsed;
  if (form.decision !== "allow") return seeOther(answerTo(redirectUri, { error: "access_denied", state }));
  const code = await services.authorizations.allow({
    userId: user.id,
    clientId: client.id,
    redirectUri,
    scopes: formatScopes(scopes),
    challenge,
    address: context.address,
  });
  noteSession(call, user, "program allowed", { client: client.id });
  // RFC 9207: the program can tell that the answer is ours.
  return seeOther(answerTo(redirectUri, { code, state, iss: context.origin }));
}

/** The request, or the answer to one that cannot be. */
function requireRequest(query: URLSearchParams): AuthorizationRequest | Response {
  const parsed = parseAuthorization(query);
  if (parsed.kind === "redirect") return seeOther(parsed.to);
  if (parsed.kind === "request") return parsed.request;
  throw new ConsoleError(400, "That request was not made well", parsed.message);
}

async function consentPage(call: SignedInCall, request: AuthorizationRequest): Promise<Response> {
  const { csrf, viewer, user, query } = call;
  const { client, redirectUri, scopes } = request;
  const body = html`<div class="stack"><h1>Let ${client.name} act for you?</h1>
<p>You are <strong>${user.email}</strong>. A program on this machine (<code>${new URL(redirectUri).host}</code>) asks for it. It could:</p>
<section class="card">${scopeList(scopes)}
<form class="inline" method="post" action="/authorize"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="request" value="${query.toString()}">
<button class="primary" name="decision" value="allow">Allow</button> <button name="decision" value="deny">Do not allow</button></form></section>
<p class="soft">Allow it only if you have just begun this yourself, on this machine. You can end it at any time, under <a href="/console/account">your account</a>.</p></div>`;
  const page = await renderPage({ title: "Let a program act for you", body, viewer, narrow: true });
  page.headers.set("content-security-policy", policyFor(redirectUri));
  return page;
}

/** Browsers hold the address that a form's answer leads to against `form-action`, too; IPv6 addresses cannot be written there. */
function policyFor(redirectUri: string): string {
  const { origin } = new URL(redirectUri);
  const target = origin.includes("[") ? "http:" : origin;
  return pageHeaders["content-security-policy"].replace("form-action 'self'", `form-action 'self' ${target}`);
}
