import { html } from "hono/html";
import { z } from "zod";
import { pull } from "../../access/permissions.ts";
import type { Digest } from "../../registry/digest.ts";
import { existingRepository } from "../../registry/resolve.ts";
import {
  listFirstTags,
  listManifestFacts,
  listTagsWithTargets,
  manifestKey,
  sumChildren,
} from "../../storage/metadata/repository-listings.ts";
import { listVersions, type VersionRow } from "../../storage/metadata/versions.ts";
import { type ConsoleRoute, consoleRoute } from "./console-route.ts";
import { clientName, imageUrl, kindText, locationHost, shortDigest } from "./image-urls.ts";
import { type Html, projectUrl, renderPage } from "./page.ts";
import { byteText } from "./parts/byte-text.ts";
import { commands, copyButton } from "./parts/copy.ts";
import { nextPage, pageQuery } from "./parts/pager.ts";
import { table } from "./parts/table.ts";
import { tagChips, tagsShown } from "./parts/tag-chips.ts";
import { timeAgo } from "./parts/time.ts";
import { type RepositoryCall, resolvedFrom } from "./repository-call.ts";

const imagesPerPage = 25;
const tagsPerPage = 50;
const query = z.object({
  ...pageQuery,
  view: z.enum(["images", "tags"]).catch("images"),
  q: z.string().trim().max(128).default(""),
});

/** A repository's page: its images from the newest, or its tags by name. */
export const imageListRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/projects/{project}/images/{location}/{repository+}",
    target: "repository",
    permission: "artifactregistry.tags.list",
    query,
    handle: show,
  }),
];

type Call = RepositoryCall<unknown, z.infer<typeof query>>;

async function show(call: Call): Promise<Response> {
  const { viewer, context, query } = call;
  const { name, resolved } = resolvedFrom(call);
  const listing = query.view === "tags" ? await tagList(call) : await imageList(call);
  const host = locationHost(name.location, context);
  const body = html`<div class="title"><div>
<p class="path"><a href="${projectUrl(name.project)}">${name.project}</a><span>${host}</span></p>
<h1>${name.image}</h1></div>
<form class="inline" role="search" action="${imageUrl(name)}"><input type="hidden" name="view" value="tags"><label><span class="unseen">Find a tag</span><input type="search" name="q" value="${query.q}" placeholder="Find a tag" autocomplete="off"></label><button>Find</button></form></div>
<nav class="tabs" aria-label="Views"><ul>${tab("images", "Images")}${tab("tags", "Tags")}</ul></nav>
${listing}`;
  return await renderPage({
    title: resolved.repository.path,
    body,
    viewer,
    project: name.project,
    section: "images",
  });

  function tab(view: string, label: string): Html {
    const url = view === "images" ? imageUrl(name) : `${imageUrl(name)}?view=${view}`;
    return html`<li><a href="${url}"${view === query.view ? html` aria-current="page"` : ""}>${label}</a></li>`;
  }
}

async function imageList(call: Call): Promise<Html> {
  const { services, query, context } = call;
  const { name, resolved } = resolvedFrom(call);
  const repositoryId = existingRepository(resolved);
  const { read } = services.metadata;
  const versions = await listVersions(read, repositoryId, parseKey(query.after), imagesPerPage + 1);
  const shown = versions.slice(0, imagesPerPage);
  if (shown.length === 0) return html`<section class="card empty"><h2>No images</h2></section>`;
  const digests = shown.map(({ digest }) => digest as Digest);
  const facts = new Map((await listManifestFacts(read, repositoryId, digests)).map((row) => [row.digest, row]));
  const below = await sumChildren(read, repositoryId, digests);
  const pairs = digests.map((digest) => ({ repositoryId, digest }));
  const tags = await listFirstTags(read, pairs, tagsShown + 1);
  const mayPull = await call.may(pull);
  const platforms = mayPull
    ? await Promise.all(digests.map((digest) => services.describedImages.platforms(resolved, digest).catch(() => [])))
    : [];
  const rows = digests.map((digest, index) => {
    const row = facts.get(digest);
    const { mediaType = "", imageSize = 0, size = 0, uploadedAt = 0, imageCreatedAt = null } = row ?? {};
    return [
      html`<span class="row"><a class="digest" href="${imageUrl(name, digest)}">${shortDigest(digest)}</a>${copyButton(digest, "Copy", `Copy image digest ${digest}`)}</span>`,
      tagChips(name, tags.get(manifestKey(repositoryId, digest)) ?? []),
      platformText(platforms[index] ?? []),
      html`<span title="${mediaType}">${kindText(mediaType)}</span>`,
      html`<span class="number">${byteText(imageSize + size + (below.get(digest) ?? 0))}</span>`,
      imageCreatedAt === null ? undefined : timeAgo(imageCreatedAt, services.now()),
      timeAgo(uploadedAt, services.now()),
    ];
  });
  const columns = [
    { label: "Image digest" },
    { label: "Tags" },
    { label: "Platforms" },
    { label: "Kind" },
    { label: "Size", end: true },
    { label: "Created" },
    { label: "Uploaded" },
  ] as const;
  const next = versions.length > imagesPerPage ? keyOf(shown.at(-1) as VersionRow) : undefined;
  const newest = (tags.get(manifestKey(repositoryId, digests[0] ?? "")) ?? [])[0];
  const reference = newest === undefined ? `@${digests[0]}` : `:${newest}`;
  return html`<div class="stack">${query.after === "" && commands(`docker pull ${clientName(name, context)}${reference}`)}
<section class="card flush">${table("Images", columns, rows)}${nextPage(imageUrl(name), next)}</section></div>`;
}

async function tagList(call: Call): Promise<Html> {
  const { services, query } = call;
  const { name, resolved } = resolvedFrom(call);
  const part = { after: query.after, containing: query.q, limit: tagsPerPage + 1 };
  const found = await listTagsWithTargets(services.metadata.read, existingRepository(resolved), part);
  const shown = found.slice(0, tagsPerPage);
  if (shown.length === 0) {
    return html`<section class="card empty"><h2>No tags</h2>${query.q !== "" && html`<p>None has “${query.q}” in its name.</p>`}</section>`;
  }
  const rows = shown.map(({ name: tag, digest, updatedAt }) => [
    html`<a class="chip" href="${imageUrl(name, tag)}">${tag}</a>`,
    html`<span class="row"><a class="digest" href="${imageUrl(name, digest)}">${shortDigest(digest)}</a>${copyButton(digest, "Copy", `Copy image digest ${digest}`)}</span>`,
    timeAgo(updatedAt, services.now()),
  ]);
  const columns = [{ label: "Tag" }, { label: "Image digest" }, { label: "Moved here" }] as const;
  const url = `${imageUrl(name)}?view=tags${query.q ? `&q=${encodeURIComponent(query.q)}` : ""}`;
  const next = found.length > tagsPerPage ? shown.at(-1)?.name : undefined;
  return html`<section class="card flush">${table("Tags", columns, rows)}${nextPage(url, next)}</section>`;
}

/** Five say what they are; the rest is counted. */
function platformText(platforms: readonly string[]): string | undefined {
  const known = [...new Set(platforms)].filter((each) => !each.startsWith("unknown/"));
  if (known.length === 0) return undefined;
  return known.slice(0, 5).join(", ") + (known.length > 5 ? ` and ${known.length - 5} more` : "");
}

/** Images go by time and digest, both of which a page's address names. */
function keyOf({ createdAt, digest }: VersionRow): string {
  return `${createdAt} ${digest}`;
}

function parseKey(text: string): { createdAt: number; digest: string } | undefined {
  const [, createdAt, digest = ""] = /^([0-9]{1,15}) ([a-z0-9:]{1,140})$/.exec(text) ?? [];
  return createdAt === undefined ? undefined : { createdAt: Number(createdAt), digest };
}
