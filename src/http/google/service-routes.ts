import { ApiError } from "./api-error.ts";
import { type Route, route } from "./route.ts";

/** What this server itself is, under the names of Google's services; the first stands for a bundle of them all. */
const served = new Set([
  "cloudapis.googleapis.com",
  "iam.googleapis.com",
  "cloudresourcemanager.googleapis.com",
  "containerregistry.googleapis.com",
  "artifactregistry.googleapis.com",
]);

/** Service Usage v1, as far as `gcloud projects create` calls it of its own accord: nothing here has to be enabled. */
export const serviceRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: "/v1/projects/{project}/services/{service}:enable",
    target: "project",
    permission: "resourcemanager.projects.get",
    handle: async ({ path }) => {
      if (!served.has(path.service ?? ""))
        throw new ApiError("NOT_FOUND", `This server has no service ${path.service?.slice(0, 80)}.`);
      return { name: "operations/noop.DONE_OPERATION", done: true, response: {} };
    },
  }),
];
