import { html } from "hono/html";
import { z } from "zod";
import { deleteArtifacts, type Permission, push } from "../../access/permissions.ts";
import { principalKey } from "../../identity/principal.ts";
import { previewDeletion } from "../../registry/deletion-preview.ts";
import type { Digest } from "../../registry/digest.ts";
import { parseTag, type Reference } from "../../registry/reference.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import { existingRepository } from "../../registry/resolve.ts";
import { RefusedError } from "./answer-console-error.ts";
import { type ConsoleRoute, consoleRoute } from "./console-route.ts";
import { clientName, imageUrl, shortDigest } from "./image-urls.ts";
import { renderPage } from "./page.ts";
import { byteText } from "./parts/byte-text.ts";
import { postForm, seeOther } from "./parts/form.ts";
import { type RepositoryCall, referenceFrom, resolvedFrom } from "./repository-call.ts";

const project = "/console/projects/{project}";
const image = "{location}/{repository+}@{reference}";
const tagForm = z.object({ tag: z.string().trim().max(200) });
const deleteForm = z.object({ alongside: z.literal("yes").optional() });

/** What is done with an image: tag it, take a tag off, delete it. */
export const imageFormRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "POST",
    pattern: `${project}/tags/${image}`,
    target: "repository",
    permission: push,
    form: tagForm,
    handle: addTag,
  }),
  consoleRoute({
    method: "POST",
    pattern: `${project}/untag/${image}`,
    target: "repository",
    permission: "artifactregistry.tags.delete",
    form: tagForm,
    handle: removeTag,
  }),
  consoleRoute({
    method: "GET",
    pattern: `${project}/delete/${image}`,
    target: "repository",
    permission: deleteArtifacts,
    handle: askBeforeDelete,
  }),
  consoleRoute({
    method: "POST",
    pattern: `${project}/delete/${image}`,
    target: "repository",
    permission: deleteArtifacts,
    form: deleteForm,
    handle: deleteImage,
  }),
];

type TagCall = RepositoryCall<z.infer<typeof tagForm>>;

/** As a push of the same manifest under the tag would. */
async function addTag(call: TagCall): Promise<Response> {
  const { services, caller, form } = call;
  const { name, resolved } = resolvedFrom(call);
  const tag = parseTag(form.tag);
  const { digest, mediaType, body } = await services.manifests.get(resolved, referenceFrom(call));
  const refusals = {
    create: await refusal(call, "artifactregistry.tags.create"),
    move: await refusal(call, "artifactregistry.tags.update"),
  };
  if (services.caches.upstreamOf(resolved.projectId)) {
    throw new RegistryError("DENIED", "This project is a cache: its tags are those of its upstream.");
  }
  await services.manifests.put(resolved, {
    digest,
    tags: [tag],
    contentType: mediaType,
    body,
    principal: principalKey(caller.principal),
    allowTag: (change) => {
      const refused = refusals[change];
      if (refused) throw refused;
    },
  });
  return seeOther(imageUrl(name, digest));
}

async function refusal({ services, caller, resource }: TagCall, permission: Permission) {
  const decision = await services.access.decide(caller, permission, resource);
  return decision.allowed ? undefined : new RefusedError(decision, resource);
}

async function removeTag(call: TagCall): Promise<Response> {
  const { services, caller, form } = call;
  const { name, resolved } = resolvedFrom(call);
  const reference: Reference = { kind: "tag", tag: parseTag(form.tag) };
  await services.manifests.delete(resolved, reference, principalKey(caller.principal));
  return seeOther(imageUrl(name, call.path.reference));
}

async function askBeforeDelete(call: RepositoryCall): Promise<Response> {
  const { services, viewer, context } = call;
  const { name, resolved } = resolvedFrom(call);
  const { digest } = await services.manifests.head(resolved, referenceFrom(call));
  const { tags, alongside, holders, bytes } = await previewDeletion(
    services.metadata,
    existingRepository(resolved),
    digest,
  );
  const listed = (digests: readonly string[]) =>
    html`<ul class="plain">${digests.map((each) => html`<li><a class="digest" href="${imageUrl(name, each)}">${shortDigest(each)}</a></li>`)}</ul>`;
  const fields = html`${
    alongside.length > 0 &&
    html`<label class="check"><input type="checkbox" name="alongside" value="yes" checked><span>Delete the ${alongside.length} with it that nothing else needs</span></label>`
  }<div class="row"><button class="danger">Delete image</button><a class="button" href="${imageUrl(name, digest)}">Keep it</a></div>`;
  const body = html`<div class="stack"><h1>Delete image <span class="mono">${shortDigest(digest)}</span>?</h1>
<p class="soft">Whoever pulls <code>${clientName(name, context)}@${digest}</code> is told that it does not exist. This cannot be taken back.</p>
${holders.length > 0 && html`<div class="notice bad"><p><strong>It is part of ${holders.length === 1 ? "an index" : `${holders.length} indexes`}</strong>, which would be broken:</p>${listed(holders)}</div>`}
<section class="card"><h2>What goes</h2><dl class="facts">
<dt>Tags</dt><dd>${tags.length === 0 ? "none" : html`<span class="row">${tags.slice(0, 50).map((tag) => html`<span class="chip">${tag}</span>`)}${tags.length > 50 && html`<span class="soft">and more</span>`}</span>`}</dd>
<dt>With it</dt><dd>${alongside.length === 0 ? "nothing else" : listed(alongside)}</dd>
<dt>Room</dt><dd>${byteText(bytes)} that nothing else in this repository needs, after garbage collection</dd></dl>
${postForm(call, imageUrl(name, digest, "delete"), fields)}</section></div>`;
  return await renderPage({ title: "Delete image", body, viewer, project: name.project, section: "images" });
}

async function deleteImage(call: RepositoryCall<z.infer<typeof deleteForm>>): Promise<Response> {
  const { services, caller, form } = call;
  const { name, resolved } = resolvedFrom(call);
  const { digest } = await services.manifests.head(resolved, referenceFrom(call));
  const { alongside } = await previewDeletion(services.metadata, existingRepository(resolved), digest);
  const digests: Digest[] = [digest, ...(form.alongside ? alongside : [])];
  const references = digests.map((each) => ({ kind: "digest", digest: each }) as const);
  await services.manifests.deleteAll(resolved, references, principalKey(caller.principal));
  return seeOther(imageUrl(name));
}
