import { z } from "zod";
import { listCredentialUses } from "../../storage/metadata/credential-uses.ts";
import { countImportItems, findImport, listFailedItems } from "../../storage/metadata/imports.ts";
import { ApiError, invalidField } from "./api-error.ts";
import { cacheJson } from "./cache-project.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const failuresShown = 100;
const usesShown = 10_000;

const importSchema = z.strictObject({ location: z.string().max(255).optional() });

/** Ours: bringing a whole project over from another registry. */
export const migrationRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: "/v1/projects/{project}:import",
    target: "project",
    permission: "artifactregistry.projectsettings.update",
    body: importSchema,
    handle: beginImport,
  }),
  route({
    method: "GET",
    pattern: "/v1/projects/{project}/import",
    target: "project",
    permission: "resourcemanager.projects.get",
    handle: showImport,
  }),
  route({
    method: "GET",
    pattern: "/v1/projects/{project}/credentialUses",
    target: "project",
    permission: "iam.serviceAccountKeys.list",
    handle: listUses,
  }),
];

async function beginImport({ services, found, body }: ApiCall<"project", z.infer<typeof importSchema>, unknown>) {
  const { caches, imports, locations } = services;
  const { id, name } = found.project;
  if (!caches.upstreamOf(id)) throw new ApiError("FAILED_PRECONDITION", `${name} is no cache of another registry.`);
  const location = body.location ?? locations[0] ?? "";
  if (!locations.includes(location)) throw invalidField("location", `is one of ${locations.join(", ")}`);
  await imports.begin(id, location);
  return {};
}

async function showImport({ services, found }: ApiCall<"project", undefined, unknown>) {
  const { metadata } = services;
  const { project } = found;
  const row = await findImport(metadata.read, project.id);
  if (!row) throw new ApiError("NOT_FOUND", `Nothing is imported into ${project.name}.`);
  const { location, state, message, startedAt, updatedAt } = row;
  return {
    projectId: project.name,
    ...cacheJson(services, project),
    location,
    state,
    ...(message !== "" && { message }),
    startTime: new Date(startedAt).toISOString(),
    updateTime: new Date(updatedAt).toISOString(),
    tags: await countImportItems(metadata.read, project.id),
    failures: await listFailedItems(metadata.read, project.id, failuresShown),
  };
}

async function listUses({ services, found }: ApiCall<"project", undefined, unknown>) {
  const rows = await listCredentialUses(services.metadata.read, found.project.id, usesShown);
  const uses = rows.map(({ email, keyId, way, lastUsedAt, keyCreatedAt }) => ({
    email,
    keyId,
    way,
    lastUseTime: new Date(lastUsedAt).toISOString(),
    keyCreateTime: new Date(keyCreatedAt).toISOString(),
  }));
  return { uses };
}
