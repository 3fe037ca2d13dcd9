import { z } from "zod";
import { pageQuery } from "../page.ts";
import { type Route, route } from "../route.ts";

const listQuery = z.strictObject({ ...pageQuery, filter: z.string().max(10_000).optional() });

/**
 * Container Analysis v1, as far as `gcloud artifacts docker images describe` insists on asking it for builds, bills of
 * materials and vulnerabilities: nothing here scans images, so there are none.
 */
export const occurrenceRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: "/v1/projects/{project}/occurrences",
    target: "project",
    permission: "resourcemanager.projects.get",
    query: listQuery,
    handle: async () => ({}),
  }),
];
