import { html } from "hono/html";
import { z } from "zod";
import type { Html } from "../page.ts";

/** The parameters of a listing: pages go by key, so that none is skipped or shown twice. */
export const pageQuery = {
  /** The last key of the page before. */
  after: z.string().max(1024).default(""),
};

/** The way on, where there is one. @param after the last key on this page */
export function nextPage(url: string, after: string | undefined, label = "Next page"): Html | undefined {
  if (after === undefined) return undefined;
  const separator = url.includes("?") ? "&" : "?";
  return html`<nav class="pager" aria-label="Pages"><a href="${url}${separator}after=${encodeURIComponent(after)}" rel="next">${label}</a></nav>`;
}
