import { html } from "hono/html";
import type { ConsoleCall } from "../console-route.ts";
import type { Html } from "../page.ts";

type Signed = Pick<ConsoleCall, "viewer">;

/** A form that changes something, with the token that shows it is ours. One that saves is answered with a file. */
export function postForm(
  { viewer }: Signed,
  action: string,
  body: Html,
  kind: "fields" | "fields grid" | "inline" | "inline saves" = "fields",
): Html {
  const saves = kind === "inline saves" && html` data-saves="yes"`;
  return html`<form class="${kind}" method="post" action="${action}"${saves}><input type="hidden" name="csrf" value="${viewer.csrf}">${body}</form>`;
}

/** One button that does one thing. */
export function actButton(
  call: Signed,
  action: string,
  label: string,
  { danger, fields = {}, name }: { danger?: true; fields?: Readonly<Record<string, string>>; name?: string } = {},
): Html {
  const hidden = Object.entries(fields).map(
    ([key, value]) => html`<input type="hidden" name="${key}" value="${value}">`,
  );
  const body = html`${hidden}<button class="small${danger ? " danger" : ""}"${name ? html` aria-label="${name}"` : ""}>${label}</button>`;
  return postForm(call, action, body, "inline");
}

/** A choice. */
export function select(
  name: string,
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string | undefined,
): Html {
  const option = ([value, text]: readonly [string, string]) =>
    html`<option value="${value}"${value === chosen ? html` selected` : ""}>${text}</option>`;
  return html`<label>${label}<select name="${name}">${options.map(option)}</select></label>`;
}

/** Sends the browser on after a form was taken, so that loading the page again sends nothing again. */
export function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
}
