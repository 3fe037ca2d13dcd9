import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { type AssetName, assetUrl } from "./assets.ts";

/** A part of a page. Whatever `html` is given is escaped, unless it came from `html` itself. */
export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** The sections of a project, in the order of their tabs. */
export const sections = {
  images: { label: "Images", path: "" },
  connect: { label: "Connect", path: "/connect" },
  access: { label: "Access", path: "/access" },
  activity: { label: "Activity", path: "/activity" },
} as const;

export type Section = keyof typeof sections;

/** Who looks at the page, where somebody has signed in. */
export interface Viewer {
  /** `user:alice@example.com`. */
  readonly name: string;
  /** For the form that signs out. */
  readonly csrf: string;
}

export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly viewer?: Viewer | undefined;
  /** The project that the page belongs to, and the section that it is in. */
  readonly project?: string | undefined;
  readonly section?: Section | undefined;
  /** A page with one thing to do, such as signing in. */
  readonly narrow?: boolean;
  /** Scripts beside `console.js`. */
  readonly scripts?: readonly AssetName[];
  readonly status?: number;
  /** Seconds after which a browser without scripts asks again. */
  readonly refreshSeconds?: number;
}

/** Scripts, styles and pictures are files of ours; a form goes nowhere else; nobody may put a page into a frame. */
export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
  "cache-control": "no-store",
};

/** The answer with a page in the console's frame. */
export async function renderPage(page: Page): Promise<Response> {
  const text = await frame(page);
  return new Response(String(text), { status: page.status ?? 200, headers: pageHeaders });
}

/** Where a project's pages are. */
export function projectUrl(project: string, path = ""): string {
  return `/console/projects/${encodeURIComponent(project)}${path}`;
}

function frame({ title, body, viewer, project, section, narrow, scripts = [], refreshSeconds }: Page): Html {
  const refresh =
    refreshSeconds !== undefined && html`<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Waybill</title>
<link rel="icon" href="${assetUrl("icon.svg")}">
<link rel="stylesheet" href="${assetUrl("console.css")}">
${["console.js" as const, ...scripts].map((name) => html`<script type="module" src="${assetUrl(name)}"></script>`)}${refresh}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="head">
<div class="top">
<a class="brand" href="/console/"><img src="${assetUrl("icon.svg")}" alt=""><span>Waybill</span></a>
${project !== undefined && html`<div class="where"><a href="${projectUrl(project)}">${project}</a></div>`}
${viewer && signedIn(viewer)}
</div>
${project !== undefined && viewer && sectionTabs(project, section)}
</header>
<main id="main"${narrow ? html` class="narrow"` : ""}>
${body}
</main>
<footer class="bottom">Waybill, a container registry</footer>
<div id="said" class="unseen" role="status"></div>
</body>
</html>
`;
}

function signedIn({ name, csrf }: Viewer): Html {
  return html`<form class="viewer" method="post" action="/console/sign-out">
<span title="${name}"><a href="/console/account">${name}</a></span>
<input type="hidden" name="csrf" value="${csrf}">
<button class="quiet">Sign out</button>
</form>`;
}

function sectionTabs(project: string, current: Section | undefined): Html {
  const tab = ([name, { label, path }]: [string, { label: string; path: string }]) =>
    html`<li><a href="${projectUrl(project, path)}"${name === current ? html` aria-current="page"` : ""}>${label}</a></li>`;
  return html`<nav class="sections" aria-label="${project}"><ul>${Object.entries(sections).map(tab)}</ul></nav>`;
}
