import { html } from "hono/html";
import { z } from "zod";
import { visibleResources } from "../../access/visible.ts";
import { selectionOf } from "../../registry/catalog.ts";
import {
  type ListedRepository,
  listFirstTags,
  listRepositoriesWithNewest,
  manifestKey,
} from "../../storage/metadata/repository-listings.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "./console-route.ts";
import { imageUrl, locationHost } from "./image-urls.ts";
import { type Html, projectUrl, renderPage } from "./page.ts";
import { commands } from "./parts/copy.ts";
import { nextPage, pageQuery } from "./parts/pager.ts";
import { table } from "./parts/table.ts";
import { tagChips, tagsShown } from "./parts/tag-chips.ts";
import { timeAgo } from "./parts/time.ts";
import { storageCard } from "./storage-card.ts";
import { requireVisibleProject } from "./visible-project.ts";

const repositoriesPerPage = 50;
const query = z.object({
  ...pageQuery,
  location: z.string().max(300).optional(),
  q: z.string().trim().toLowerCase().max(255).default(""),
});

/** `/console/projects/PROJECT`: its repositories, and what it stores. */
export const repositoryRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/projects/{project}",
    target: "project",
    permission: undefined,
    query,
    handle: show,
  }),
];

type Call = ConsoleCall<"project", unknown, z.infer<typeof query>>;
type Listing = { readonly location: string; readonly rows: readonly ListedRepository[]; readonly more: boolean };

/** Whoever may see one repository may see the page with that one on it. */
async function show(call: Call): Promise<Response> {
  const { services, caller, viewer, found, path, query } = call;
  const visible = await visibleResources(
    services.metadata,
    services.access,
    caller,
    "artifactregistry.repositories.list",
  );
  const locations = services.locations.filter((each) => query.location === undefined || each === query.location);
  const listings = await Promise.all(locations.map((location) => list(call, location, visible)));
  const isEmpty = listings.every(({ rows }) => rows.length === 0);
  if (!found || isEmpty) await requireVisibleProject(call);
  const { name, displayName } = found.project;
  const shown = listings.filter(({ rows }) => rows.length > 0);
  const body = html`<div class="title"><div><h1>${name}</h1>${displayName !== name && html`<p class="soft">${displayName}</p>`}</div>
${searchForm(path.project ?? "", query.q)}</div>
<div class="columns"><div class="stack">
${isEmpty ? nothingHere(call) : await Promise.all(shown.map((listing) => section(call, listing)))}
</div><div class="stack">${await storageCard(call)}</div></div>`;
  return await renderPage({ title: name, body, viewer, project: name, section: "images" });
}

async function list(
  { services, found, query }: Call,
  location: string,
  visible: Awaited<ReturnType<typeof visibleResources>>,
): Promise<Listing> {
  if (!found) return { location, rows: [], more: false };
  const selection = visible === "everything" ? undefined : selectionOf(visible, location);
  const part = { after: query.after, containing: query.q, limit: repositoriesPerPage + 1 };
  const { read } = services.metadata;
  const rows = await listRepositoriesWithNewest(read, location, found.project.id, selection, part);
  return { location, rows: rows.slice(0, repositoriesPerPage), more: rows.length > repositoriesPerPage };
}

async function section(call: Call, { location, rows, more }: Listing): Promise<Html> {
  const { services, found, context, query } = call;
  const project = found.project.name;
  const newest = rows.flatMap(({ id, newestDigest: digest }) =>
    digest === null ? [] : [{ repositoryId: id, digest }],
  );
  const tags = await listFirstTags(services.metadata.read, newest, tagsShown + 1);
  const cells = rows.map(({ id, name, pushedAt, newestDigest }) => {
    const repository = { project, location, image: name };
    return [
      html`<a href="${imageUrl(repository)}">${name}</a>`,
      newestDigest === null ? undefined : tagChips(repository, tags.get(manifestKey(id, newestDigest)) ?? []),
      pushedAt === null ? "empty" : timeAgo(pushedAt, services.now()),
    ];
  });
  const columns = [{ label: "Repository" }, { label: "Newest tags" }, { label: "Pushed" }] as const;
  const host = locationHost(location, context);
  const next = `${projectUrl(project)}?location=${encodeURIComponent(location)}${query.q ? `&q=${encodeURIComponent(query.q)}` : ""}`;
  return html`<section class="card flush"><div class="card-head"><h2>${host}</h2><span class="soft small">location</span></div>
${table(`Repositories at ${host}`, columns, cells)}${nextPage(next, more ? rows.at(-1)?.name : undefined)}</section>`;
}

function searchForm(project: string, text: string): Html {
  return html`<form class="inline" role="search" action="${projectUrl(project)}"><label><span class="unseen">Find a repository</span><input type="search" name="q" value="${text}" placeholder="Find a repository" autocomplete="off"></label><button>Find</button></form>`;
}

function nothingHere({ query, found, context }: Call): Html {
  if (query.q !== "" || query.after !== "") {
    return html`<section class="card empty"><h2>Nothing found</h2><p>No repository here has “${query.q}” in its name.</p></section>`;
  }
  const image = `${context.host}/${found.project.name.replace(":", "/")}/IMAGE`;
  return html`<section class="card"><h2>No images yet</h2><p class="soft">The first push makes the repository. <a href="${projectUrl(found.project.name, "/connect")}">Connect</a> shows how to log in.</p>
${commands(`docker tag IMAGE ${image}\ndocker push ${image}`)}</section>`;
}
