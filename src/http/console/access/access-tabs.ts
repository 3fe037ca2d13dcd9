import { html } from "hono/html";
import { type Html, projectUrl } from "../page.ts";

const tabs = {
  policy: { label: "Policy", path: "/access" },
  accounts: { label: "Service accounts", path: "/accounts" },
  federation: { label: "Federation", path: "/federation" },
  why: { label: "Why can’t they?", path: "/why" },
} as const;

export type AccessTab = keyof typeof tabs;

/** The head of the pages about who may do what. */
export function accessHead(project: string, current: AccessTab, said: string): Html {
  const tab = ([name, { label, path }]: [string, { label: string; path: string }]) =>
    html`<li><a href="${projectUrl(project, path)}"${name === current ? html` aria-current="page"` : ""}>${label}</a></li>`;
  return html`<div class="title"><div><h1>Access</h1><p class="soft">${said}</p></div></div>
<nav class="tabs" aria-label="Access"><ul>${Object.entries(tabs).map(tab)}</ul></nav>`;
}
