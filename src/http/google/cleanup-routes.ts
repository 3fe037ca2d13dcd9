import { z } from "zod";
import { deleteArtifacts } from "../../access/permissions.ts";
import type { CleanedVersion } from "../../registry/rules/cleanup.ts";
import { nextPageToken, pageQuery, parsePage } from "./page.ts";
import { type ApiCall, type Route, route } from "./route.ts";

/** A request does so many repositories; who asks goes on with the next page. */
const repositoriesPerPageMax = 50;

const bodySchema = z.strictObject({
  dryRun: z.boolean().default(false),
  pageSize: z.number().int().min(1).max(1000).optional(),
  pageToken: pageQuery.pageToken,
});

/** Does now, or only says, what the rules of a project's images delete. */
export const cleanupRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: "/v1/projects/{project}:cleanUp",
    target: "project",
    permission: deleteArtifacts,
    body: bodySchema,
    handle: cleanUp,
  }),
];

async function cleanUp({ services, found, body }: ApiCall<"project", z.infer<typeof bodySchema>, unknown>) {
  const { cleanup } = services;
  const page = parsePage(body, repositoriesPerPageMax);
  const repositories = await cleanup.repositories(found.project.id, page.after, page.limit);
  const versions: object[] = [];
  for (const repository of repositories) {
    for await (const version of cleanup.repository(repository, body.dryRun)) versions.push(versionJson(version));
  }
  const ids = repositories.map(({ id }) => id);
  return { ...(versions.length > 0 && { versions }), ...nextPageToken(ids, page) };
}

function versionJson({ createdAt, bytes, ...version }: CleanedVersion) {
  return { ...version, createTime: new Date(createdAt).toISOString(), sizeBytes: String(bytes) };
}
