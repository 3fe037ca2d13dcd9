import { html } from "hono/html";
import { imageUrl, type RepositoryName } from "../image-urls.ts";
import type { Html } from "../page.ts";

/** An image may have thousands; a listing shows so many of them. */
export const tagsShown = 4;

/** The first tags of an image, each a link to it. @param tags one more than is shown says that there are more */
export function tagChips(repository: RepositoryName, tags: readonly string[]): Html {
  const chip = (tag: string) => html`<a class="chip" href="${imageUrl(repository, tag)}">${tag}</a>`;
  if (tags.length === 0) return html`<span class="soft">none</span>`;
  const more = tags.length > tagsShown && html`<span class="soft small">and more</span>`;
  return html`<span class="row">${tags.slice(0, tagsShown).map(chip)}${more}</span>`;
}
