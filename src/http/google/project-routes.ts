import { z } from "zod";
import { makeDefaultAccounts } from "../../access/default-accounts.ts";
import type { Permission } from "../../access/permissions.ts";
import { projectResource } from "../../access/resource.ts";
import { visibleResources } from "../../access/visible.ts";
import { redact } from "../../audit/user-agent.ts";
import type { Principal } from "../../identity/principal.ts";
import { scope } from "../../identity/scopes.ts";
import { listProjectsAmong } from "../../storage/metadata/project-listings.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import type { Writer } from "../../storage/metadata/schema.ts";
import type { ServiceAccountRow } from "../../storage/metadata/service-accounts.ts";
import { refused } from "./answer-api-error.ts";
import { invalidField } from "./api-error.ts";
import { cacheFields, cacheJson, createCache, requireUpstream } from "./cache-project.ts";
import { nextPageToken, type Page, pageQuery, parsePage } from "./page.ts";
import { parseProjectFilter } from "./project-filter.ts";
import { type ApiCall, type Route, route } from "./route.ts";
import type { GoogleServices } from "./services.ts";

const see: Permission = "resourcemanager.projects.get";
const projectsPerPageMax = 500;
const everyScope = new Set([scope.cloudPlatform]);

const createSchema = z.strictObject({
  projectId: z.string(),
  name: z.string().max(100, "has 100 characters at most").default(""),
  /** Ours: makes a registry account and an instance account, both editors of the project. */
  defaultAccounts: z.boolean().default(false),
  ...cacheFields,
});
const listQuery = z.strictObject({ ...pageQuery, filter: z.string().max(1000).optional() });

/** Resource Manager v1: projects. */
export const projectRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: "/v1/projects",
    target: "server",
    permission: "resourcemanager.projects.create",
    body: createSchema,
    audited: ({ projectId }) => ({ projectId: redact(projectId.slice(0, 200)) }),
    handle: createProject,
  }),
  route({
    method: "GET",
    pattern: "/v1/projects",
    target: "server",
    permission: undefined,
    query: listQuery,
    handle: listProjects,
  }),
  route({
    method: "GET",
    pattern: "/v1/projects/{project}",
    target: "project",
    permission: see,
    handle: async ({ services, found }) => ({ ...projectJson(found.project), ...cacheJson(services, found.project) }),
  }),
  route({
    method: "DELETE",
    pattern: "/v1/projects/{project}",
    target: "project",
    permission: "resourcemanager.projects.delete",
    handle: async ({ services, found }) => {
      await services.projects.delete(found.project);
      return {};
    },
  }),
  // An operation is named after the number of the project that it made: whoever polls it asks for the project.
  route({
    method: "GET",
    pattern: "/v1/operations/cp.{project}",
    target: "project",
    permission: see,
    handle: async ({ found }) => operationJson(found.project),
  }),
];

async function createProject({ services, caller, body }: ApiCall<"server", z.infer<typeof createSchema>, unknown>) {
  requireUpstream(body);
  let accounts: ServiceAccountRow[] = [];
  const also = async (write: Writer, project: ProjectRow) => {
    accounts = body.defaultAccounts ? await makeDefaultAccounts(write, services, project) : [];
  };
  const project = await makeProject(services, body, caller.principal, also);
  const emails = accounts.map(({ email }) => email);
  return operationJson(project, emails.length > 0 ? { defaultAccounts: emails } : {});
}

async function makeProject(
  services: GoogleServices,
  body: z.infer<typeof createSchema>,
  creator: Principal,
  also: (write: Writer, project: ProjectRow) => Promise<void>,
): Promise<ProjectRow> {
  if (body.upstream !== undefined) return await createCache(services, body, creator, also);
  return await services.metadata.write(async (write) => {
    const project = await services.projects.createIn(write, body.projectId, body.name, creator);
    await also(write, project);
    return project;
  });
}

/** Lists what the caller may see, so it asks no permission of its own. */
async function listProjects(call: ApiCall<"server", unknown, z.infer<typeof listQuery>>) {
  const { query } = call;
  const matches = parseProjectFilter(query.filter ?? "");
  if (!matches) throw invalidField("filter", "may hold conditions like id:my-* or name=Shop, joined by AND");
  const page = parsePage(query, projectsPerPageMax);
  const rows = await visibleProjects(call, page);
  const next = nextPageToken(
    rows.map(({ name }) => name),
    page,
  );
  const projects = rows.map(projectJson).filter(matches);
  return { ...(projects.length > 0 && { projects }), ...next };
}

async function visibleProjects({ services, caller }: ApiCall<"server", unknown, unknown>, { after, limit }: Page) {
  const { access, metadata, projects } = services;
  // What the policies give; a token that is too narrow for it is told so, and not that there is nothing.
  const visible = await visibleResources(metadata, access, { ...caller, scopes: everyScope }, see);
  const ids = visible === "everything" ? [] : visible.map((key) => key.slice("project/".length));
  const rows =
    visible === "everything"
      ? await projects.list(after, limit)
      : await listProjectsAmong(metadata.read, { projectIds: ids, repositoryIds: [] }, after, limit);
  const [first] = rows;
  const decision = first && (await access.decide(caller, see, projectResource(first.name, first.id)));
  if (decision && !decision.allowed && decision.reason === "scope") throw refused(decision);
  return rows;
}

/** A project as `cloudresourcemanager.v1` has it. */
function projectJson({ id, name, displayName, createdAt }: ProjectRow) {
  return {
    projectNumber: id,
    projectId: name,
    lifecycleState: "ACTIVE",
    name: displayName,
    createTime: new Date(createdAt).toISOString(),
  };
}

/** Done when it is answered: making a project takes one transaction. */
function operationJson(project: ProjectRow, more: { readonly defaultAccounts?: readonly string[] } = {}) {
  const type = "type.googleapis.com/google.cloudresourcemanager.v1.Project";
  const response = { "@type": type, ...projectJson(project), ...more };
  return { name: `operations/cp.${project.id}`, done: true, response };
}
