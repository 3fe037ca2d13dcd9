import type { Caller } from "../identity/caller.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { listProjectsAmong } from "../storage/metadata/project-listings.ts";
import { listProjects, type ProjectRow } from "../storage/metadata/projects.ts";
import type { Access } from "./decide.ts";
import { visibleResources } from "./visible.ts";

/** Projects of which a caller may see something: the project itself, or an image in it. By name, after `after` only. */
export async function visibleProjects(
  metadata: Metadata,
  access: Access,
  caller: Caller,
  after: string,
  limit: number,
): Promise<{ projects: readonly ProjectRow[]; more: boolean }> {
  const seen = await Promise.all([
    visibleResources(metadata, access, caller, "resourcemanager.projects.get"),
    visibleResources(metadata, access, caller, "artifactregistry.repositories.list"),
  ]);
  const rows = seen.includes("everything")
    ? await listProjects(metadata.read, after, limit + 1)
    : await listProjectsAmong(metadata.read, namedIn(seen.flat()), after, limit + 1);
  return { projects: rows.slice(0, limit), more: rows.length > limit };
}

/** `project/ID`, `location/ID/NAME` and `repository/ID` each belong to a project. */
function namedIn(resources: readonly string[]) {
  const idsOf = (kind: string) =>
    resources.flatMap((resource) => {
      const [of, id = ""] = resource.split("/");
      return of === kind ? [id] : [];
    });
  return { projectIds: [...new Set([...idsOf("project"), ...idsOf("location")])], repositoryIds: idsOf("repository") };
}
