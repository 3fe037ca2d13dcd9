import { html } from "hono/html";
import { z } from "zod";
import { installationResource } from "../../access/resource.ts";
import { visibleResources } from "../../access/visible.ts";
import { visibleProjects } from "../../access/visible-projects.ts";
import { parseRepository } from "../../registry/repository.ts";
import { searchRepositories } from "../../registry/search.ts";
import { readLimits } from "../../storage/metadata/limits.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "./console-route.ts";
import { imageUrl, locationHost } from "./image-urls.ts";
import { type Html, projectUrl, renderPage } from "./page.ts";
import { byteText } from "./parts/byte-text.ts";
import { postForm, seeOther } from "./parts/form.ts";
import { nextPage, pageQuery } from "./parts/pager.ts";
import { table } from "./parts/table.ts";
import { timeAgo } from "./parts/time.ts";

const projectsPerPage = 100;
const foundMax = 30;
const listQuery = z.object({ ...pageQuery, q: z.string().trim().toLowerCase().max(255).default("") });
const createForm = z.object({ name: z.string().trim().max(200), displayName: z.string().trim().max(100).default("") });

/** `/console/`: the projects, and making one. */
export const projectRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/",
    target: "server",
    permission: undefined,
    query: listQuery,
    handle: show,
  }),
  consoleRoute({
    method: "POST",
    pattern: "/console/projects",
    target: "server",
    permission: "resourcemanager.projects.create",
    form: createForm,
    handle: async ({ services, caller, form }) => {
      const project = await services.projects.create(form.name, form.displayName, caller.principal);
      return seeOther(projectUrl(project.name, "/connect"));
    },
  }),
];

type Call = ConsoleCall<"server", unknown, z.infer<typeof listQuery>>;

async function show(call: Call): Promise<Response> {
  const { services, caller, viewer, query } = call;
  const { projects, more } = await visibleProjects(
    services.metadata,
    services.access,
    caller,
    query.after,
    projectsPerPage,
  );
  const mayCreate = await call.may("resourcemanager.projects.create", installationResource);
  const mayLook = await call.may("logging.logEntries.list", installationResource);
  const isFirst = projects.length === 0 && query.after === "" && mayCreate;
  const body = html`<div class="title"><div><h1>${isFirst ? "Your first project" : "Projects"}</h1>
<p class="soft">Images, accounts and policies belong to a project.</p></div>
${projects.length > 0 && searchForm(query.q)}${mayLook && html`<a class="button" href="/console/activity">Activity of the server</a>`}</div>
<div class="stack">
${query.q !== "" && (await foundCard(call))}
${isFirst ? "" : await list(call, projects, more)}
${mayCreate && createCard(call, isFirst)}
</div>`;
  return await renderPage({ title: "Projects", body, viewer });
}

function searchForm(text: string): Html {
  return html`<form class="inline" role="search" action="/console/"><label><span class="unseen">Find an image</span><input type="search" name="q" value="${text}" placeholder="Find an image" autocomplete="off"></label><button>Find</button></form>`;
}

/** Images of all projects that the viewer may list, as `docker search` finds them. */
async function foundCard({ services, caller, query, context }: Call): Promise<Html> {
  const { metadata, access, locations } = services;
  const visible = await visibleResources(metadata, access, caller, "artifactregistry.repositories.list");
  const pages = await Promise.all(
    locations.map(async (location) => {
      const { names, more } = await searchRepositories(metadata, location, visible, query.q, 0, foundMax);
      return { more, repositories: names.map((name) => parseRepository(name, location)) };
    }),
  );
  const rows = pages
    .flatMap(({ repositories }) => repositories)
    .map((name) => [
      html`<a href="${imageUrl(name)}">${name.image}</a>`,
      html`<a href="${projectUrl(name.project)}">${name.project}</a>`,
      locationHost(name.location, context),
    ]);
  const columns = [{ label: "Image" }, { label: "Project" }, { label: "Location" }] as const;
  const more = pages.some((page) => page.more) && html`<p class="pad soft">There are more: write more of the name.</p>`;
  if (rows.length === 0)
    return html`<section class="card empty"><h2>Nothing found</h2><p>No image that you may see has “${query.q}” in its name.</p></section>`;
  return html`<section class="card flush"><div class="card-head"><h2>Images with “${query.q}”</h2></div>${table("Images found", columns, rows)}${more}</section>`;
}

async function list({ services, query }: Call, projects: readonly ProjectRow[], more: boolean): Promise<Html> {
  if (projects.length === 0 && query.after === "") {
    return html`<section class="card empty"><h2>Nothing to see yet</h2>
<p>No project is open to you. Ask an owner to grant you a role, for example Artifact Registry Reader.</p></section>`;
  }
  const limits = await Promise.all(projects.map(({ id }) => readLimits(services.metadata.read, id)));
  const rows = projects.map(({ name, displayName, createdAt }, index) => [
    html`<a href="${projectUrl(name)}">${name}</a>`,
    displayName === name ? undefined : displayName,
    html`<span class="number">${byteText(limits[index]?.usedBytes ?? 0)}</span>`,
    timeAgo(createdAt, services.now()),
  ]);
  const columns = [
    { label: "Project" },
    { label: "Name" },
    { label: "Stored", end: true },
    { label: "Created" },
  ] as const;
  return html`<section class="card flush">${table("Projects", columns, rows)}${nextPage("/console/", more ? projects.at(-1)?.name : undefined)}</section>`;
}

function createCard(call: Call, isFirst: boolean): Html {
  const fields = html`<label>Project id<input name="name" required maxlength="100" pattern="[a-z0-9.:\\-]+" autocomplete="off" spellcheck="false" placeholder="my-project"><small>Lower-case letters, digits and hyphens. It is part of every image's name.</small></label>
<label>Name, if it has another<input name="displayName" maxlength="100" autocomplete="off"></label>
<div><button class="primary">Create project</button></div>`;
  const form = postForm(call, "/console/projects", fields);
  if (isFirst) return html`<section class="card">${form}</section>`;
  return html`<details class="card"><summary>New project</summary>${form}</details>`;
}
