import { z } from "zod";
import { readLimits, setBytesMax, setReadOnlyAt } from "../../storage/metadata/limits.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import { type ApiCall, type Route, route } from "./route.ts";
import type { GoogleServices } from "./services.ts";

const settingsSchema = z.strictObject({ readOnly: z.boolean() });
/** An int64 of JSON is text; null takes the limit away. */
const bytesMax = z
  .string()
  .regex(/^[0-9]{1,15}$/, "is not a number of bytes")
  .transform(Number)
  .nullable();
const quotaSchema = z.strictObject({ bytesMax });

/** What a project may use and does use, and whether it takes pushes. */
export const projectSettingsRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: "/v1/projects/{project}/projectSettings",
    target: "project",
    permission: "artifactregistry.projectsettings.get",
    handle: async ({ services, found }) => await settingsJson(services, found.project),
  }),
  route({
    method: "PATCH",
    pattern: "/v1/projects/{project}/projectSettings",
    target: "project",
    permission: "artifactregistry.projectsettings.update",
    body: settingsSchema,
    handle: changeSettings,
  }),
  route({
    method: "PATCH",
    pattern: "/v1/projects/{project}/quota",
    target: "quota",
    permission: "serviceusage.quotas.update",
    body: quotaSchema,
    handle: changeQuota,
  }),
];

async function changeSettings({ services, found, body }: ApiCall<"project", z.infer<typeof settingsSchema>, unknown>) {
  const { metadata, now } = services;
  const { id } = found.project;
  await metadata.write((write) => setReadOnlyAt(write, id, body.readOnly ? now() : null));
  return await settingsJson(services, found.project);
}

async function changeQuota({ services, found, body }: ApiCall<"quota", z.infer<typeof quotaSchema>, unknown>) {
  const { id } = found.project;
  await services.metadata.write((write) => setBytesMax(write, id, body.bytesMax));
  return await settingsJson(services, found.project);
}

/** The redirection is what gcloud asks for before it takes a `gcr.io` name for an image of Artifact Registry's. */
async function settingsJson({ metadata, locations }: GoogleServices, { id, name }: ProjectRow) {
  const { usedBytes, bytesMax, readOnlyAt } = await readLimits(metadata.read, id);
  const isAtGcr = locations.some((location) => /^(?:[a-z]+\.)?gcr\.io$/.test(location));
  return {
    name: `projects/${name}/projectSettings`,
    ...(isAtGcr && { legacyRedirectionState: "REDIRECTION_FROM_GCR_IO_ENABLED" }),
    readOnly: readOnlyAt !== null,
    quota: { usedBytes: String(usedBytes), ...(bytesMax !== null && { bytesMax: String(bytesMax) }) },
  };
}
