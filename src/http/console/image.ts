import { html } from "hono/html";
import { pull } from "../../access/permissions.ts";
import type { DescribedImage, Part } from "../../registry/described-images.ts";
import type { Digest } from "../../registry/digest.ts";
import { existingRepository } from "../../registry/resolve.ts";
import {
  listFirstTags,
  listManifestFacts,
  manifestKey,
  sumChildren,
} from "../../storage/metadata/repository-listings.ts";
import { listHolders } from "../../storage/metadata/versions.ts";
import { type ConsoleRoute, consoleRoute } from "./console-route.ts";
import { configCard, historyCard, namesCard } from "./image-config-cards.ts";
import { clientName, imageUrl, kindText, locationHost, type RepositoryName, shortDigest } from "./image-urls.ts";
import { type Html, projectUrl, renderPage } from "./page.ts";
import { bar, stackedBar } from "./parts/bar.ts";
import { byteText } from "./parts/byte-text.ts";
import { commands, copyButton } from "./parts/copy.ts";
import { table } from "./parts/table.ts";
import { timeAgo } from "./parts/time.ts";
import { referrersCard } from "./referrers-card.ts";
import { type RepositoryCall, referenceFrom, resolvedFrom } from "./repository-call.ts";
import { tagsCard, tagsOnImage } from "./tags-card.ts";

const holdersMax = 20;

/** An image's page, by digest or by tag. It shows what a pull would bring, so it asks what a pull asks. */
export const imageRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/projects/{project}/images/{location}/{repository+}@{reference}",
    target: "repository",
    permission: pull,
    handle: show,
  }),
];

async function show(call: RepositoryCall): Promise<Response> {
  const { services, viewer, context } = call;
  const { name, resolved } = resolvedFrom(call);
  const image = await services.describedImages.get(resolved, referenceFrom(call));
  const { digest } = image;
  const repositoryId = existingRepository(resolved);
  const { read } = services.metadata;
  const [facts] = await listManifestFacts(read, repositoryId, [digest]);
  const firstTags = await listFirstTags(read, [{ repositoryId, digest }], tagsOnImage + 1);
  const tags = firstTags.get(manifestKey(repositoryId, digest)) ?? [];
  const holders = await listHolders(read, repositoryId, [digest], holdersMax);
  const below = (await sumChildren(read, repositoryId, [digest])).get(digest) ?? 0;
  const bytes = (facts?.imageSize ?? 0) + (facts?.size ?? 0) + below;
  const body = html`<div class="title"><div>
<p class="path"><a href="${projectUrl(name.project)}">${name.project}</a><a href="${imageUrl(name)}">${name.image}</a></p>
<h1>Image <span class="mono">${shortDigest(digest)}</span></h1></div>
${(await call.may("artifactregistry.repositories.deleteArtifacts")) && html`<a class="button" href="${imageUrl(name, digest, "delete")}">Delete…</a>`}</div>
<div class="columns"><div class="stack">
${factsCard(call, image, { bytes, uploadedAt: facts?.uploadedAt ?? 0, imageCreatedAt: facts?.imageCreatedAt ?? null }, holders)}
${image.children.length > 0 && childrenCard(name, image.children)}
${image.layers.length > 0 && layersCard(image.layers)}
${historyCard(image, services.now())}
</div><div class="stack">
<section class="card"><h2>Pull</h2>${commands(`docker pull ${clientName(name, context)}@${digest}`, "Copy the pull command")}</section>
${await tagsCard(call, digest, tags)}
${await referrersCard(call, digest)}
${configCard(image)}
${namesCard("Annotations", image.annotations)}
${image.config && namesCard("Labels", image.config.labels)}
</div></div>`;
  return await renderPage({
    title: `${name.image} ${shortDigest(digest)}`,
    body,
    viewer,
    project: name.project,
    section: "images",
  });
}

interface Sizes {
  readonly bytes: number;
  readonly uploadedAt: number;
  readonly imageCreatedAt: number | null;
}

function factsCard(
  call: RepositoryCall,
  image: DescribedImage,
  { bytes, uploadedAt, imageCreatedAt }: Sizes,
  holders: readonly string[],
): Html {
  const { services, context } = call;
  const { name } = resolvedFrom(call);
  const { digest, mediaType, config, subject } = image;
  const link = (to: string) => html`<a class="digest" href="${imageUrl(name, to)}">${shortDigest(to)}</a> `;
  return html`<section class="card"><dl class="facts">
<dt>Image digest</dt><dd><span class="digest">${digest}</span><div class="row">${copyButton(digest, "Copy", "Copy the whole image digest")}${copyButton(shortDigest(digest), "Copy short", "Copy short image digest")}</div></dd>
<dt>Location</dt><dd>${locationHost(name.location, context)}</dd>
<dt>Size</dt><dd class="number">${byteText(bytes)}</dd>
${config?.platform && html`<dt>Platform</dt><dd>${config.platform}</dd>`}
<dt>Kind</dt><dd>${kindText(mediaType)} <code class="soft">${mediaType}</code></dd>
${imageCreatedAt !== null && html`<dt>Created</dt><dd>${timeAgo(imageCreatedAt, services.now())}</dd>`}
<dt>Uploaded</dt><dd>${timeAgo(uploadedAt, services.now())}</dd>
${subject !== undefined && html`<dt>Refers to</dt><dd>${link(subject)}</dd>`}
${holders.length > 0 && html`<dt>Part of</dt><dd>${holders.map(link)}</dd>`}
</dl></section>`;
}

function childrenCard(name: RepositoryName, children: readonly Part[]): Html {
  const rows = children.map(({ digest, platform, mediaType, size }) => [
    platform ?? "no platform",
    html`<span class="row"><a class="digest" href="${imageUrl(name, digest)}">${shortDigest(digest)}</a>${copyButton(digest, "Copy", `Copy image digest ${digest}`)}</span>`,
    html`<span title="${mediaType}">${kindText(mediaType)}</span>`,
    html`<span class="number">${byteText(size)}</span>`,
  ]);
  const columns = [
    { label: "Platform" },
    { label: "Image digest" },
    { label: "Kind" },
    { label: "Manifest", end: true },
  ] as const;
  return html`<section class="card flush"><div class="card-head"><h2>Platforms</h2></div>${table("Images of this index", columns, rows)}</section>`;
}

function layersCard(layers: readonly Part[]): Html {
  const sizes = layers.map(({ size }) => size);
  const largest = Math.max(...sizes, 1);
  const rows = layers.map(({ digest, mediaType, size }, index) => [
    html`<span class="number">${index + 1}</span>`,
    html`<span class="digest" title="${digest}">${shortDigest(digest as Digest)}</span>`,
    html`<span title="${mediaType}">${layerText(mediaType)}</span>`,
    html`<span class="number">${byteText(size)}</span>`,
    bar(size / largest),
  ]);
  const columns = [
    { label: "Layer" },
    { label: "Layer digest" },
    { label: "Kind" },
    { label: "Size", end: true },
    { label: "Share" },
  ] as const;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return html`<section class="card flush layers"><div class="card-head"><h2>Layers</h2><span class="soft small">${layers.length} of ${byteText(total)} together</span></div>
<div class="pad">${stackedBar(sizes)}</div>${table("Layers", columns, rows)}</section>`;
}

/** `tar+gzip` of `application/vnd.oci.image.layer.v1.tar+gzip`: the rest is the same for all. */
function layerText(mediaType: string): string {
  return (
    /^application\/vnd\.(?:oci|docker)\.image\.(?:layer\.v1|rootfs\.diff)\.(.+)$/.exec(mediaType)?.[1] ?? mediaType
  );
}
