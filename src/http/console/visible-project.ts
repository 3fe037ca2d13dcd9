import { projectResource } from "../../access/resource.ts";
import { visibleResources } from "../../access/visible.ts";
import { selectionOf } from "../../registry/catalog.ts";
import { listRepositoriesWithNewest } from "../../storage/metadata/repository-listings.ts";
import { ConsoleError, RefusedError } from "./answer-console-error.ts";
import type { ConsoleCall } from "./console-route.ts";

type Call = Pick<ConsoleCall<"project">, "services" | "caller" | "path" | "found">;

/** Throws where the viewer may see nothing of the project: neither itself nor one of its images. A missing one reads alike. */
export async function requireVisibleProject(call: Call): Promise<void> {
  const { services, caller, path, found } = call;
  const resource = projectResource(path.project ?? "", found?.project.id);
  const decision = await services.access.decide(caller, "resourcemanager.projects.get", resource);
  if (!decision.allowed && !(await hasVisibleRepository(call))) throw new RefusedError(decision, resource);
  if (!found) throw new ConsoleError(404, "There is no such page", `${resource.name} does not exist.`);
}

async function hasVisibleRepository({ services, caller, found }: Call): Promise<boolean> {
  if (!found) return false;
  const { id } = found.project;
  const visible = await visibleResources(
    services.metadata,
    services.access,
    caller,
    "artifactregistry.repositories.list",
  );
  if (visible === "everything") return true;
  const one = { after: "", containing: "", limit: 1 };
  for (const location of services.locations) {
    const selection = selectionOf(visible, location);
    if (selection.projectIds.includes(id)) return true;
    const { read } = services.metadata;
    if ((await listRepositoriesWithNewest(read, location, id, selection, one)).length > 0) return true;
  }
  return false;
}
