import { html } from "hono/html";
import { push } from "../../access/permissions.ts";
import type { Digest } from "../../registry/digest.ts";
import { imageUrl } from "./image-urls.ts";
import type { Html } from "./page.ts";
import { actButton, postForm } from "./parts/form.ts";
import { type RepositoryCall, resolvedFrom } from "./repository-call.ts";

/** Tags on an image's own page; its repository has a page with all of them. */
export const tagsOnImage = 50;

/** An image's tags, each with a way to take it off, and a form for another. */
export async function tagsCard(call: RepositoryCall, digest: Digest, tags: readonly string[]): Promise<Html> {
  const { name } = resolvedFrom(call);
  const mayUntag = await call.may("artifactregistry.tags.delete");
  const mayTag = (await call.may(push)) && (await call.may("artifactregistry.tags.create"));
  const remove = (tag: string) =>
    actButton(call, imageUrl(name, digest, "untag"), "Remove", { name: `Remove the tag ${tag}`, fields: { tag } });
  const item = (tag: string) => html`<li class="row"><span class="chip">${tag}</span>${mayUntag && remove(tag)}</li>`;
  const fields = html`<label>Another tag<input name="tag" required maxlength="128" pattern="[A-Za-z0-9_][A-Za-z0-9._\\-]*" autocomplete="off" spellcheck="false"></label><button>Add tag</button>`;
  return html`<section class="card"><h2>Tags</h2>
${tags.length === 0 ? html`<p class="soft">None: it can be pulled by its digest.</p>` : html`<ul class="plain">${tags.slice(0, tagsOnImage).map(item)}</ul>`}
${tags.length > tagsOnImage && html`<p><a href="${imageUrl(name)}?view=tags">All tags of the repository</a></p>`}
${mayTag && postForm(call, imageUrl(name, digest, "tags"), fields, "inline")}</section>`;
}
