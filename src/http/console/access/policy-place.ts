import type { Permission } from "../../../access/permissions.ts";
import {
  locationKey,
  locationResource,
  projectResource,
  type Resource,
  repositoryResource,
} from "../../../access/resource.ts";
import { parseRepository } from "../../../registry/repository.ts";
import { resolveRepository } from "../../../registry/resolve.ts";
import type { ProjectRow } from "../../../storage/metadata/projects.ts";
import type { ResourceKey } from "../../../storage/metadata/schema.ts";
import { ConsoleError } from "../answer-console-error.ts";
import type { ConsoleServices } from "../console-services.ts";

/** Where a role is granted: on a project, on one of its locations, or on a repository. */
export interface PolicyPlace {
  /** How forms name it: empty, `LOCATION`, or `LOCATION REPOSITORY`. */
  readonly text: string;
  readonly resource: Resource;
  readonly policy: ResourceKey;
  readonly read: Permission;
  readonly write: Permission;
}

/** Reads which place a form means. Throws where there is no such place. */
export async function parsePlace(services: ConsoleServices, project: ProjectRow, text: string): Promise<PolicyPlace> {
  const [location = "", repository = ""] = text.split(" ");
  if (location === "") {
    return {
      text: "",
      resource: projectResource(project.name, project.id),
      policy: `project/${project.id}`,
      read: "resourcemanager.projects.getIamPolicy",
      write: "resourcemanager.projects.setIamPolicy",
    };
  }
  if (!services.locations.includes(location)) throw missing(location);
  const images = {
    text,
    read: "artifactregistry.repositories.getIamPolicy",
    write: "artifactregistry.repositories.setIamPolicy",
  } as const;
  const key = locationKey(location, project.id);
  if (repository === "") {
    const resource = {
      ...locationResource(project.name, location, project.id),
      name: `${project.name} at ${location}`,
    };
    return { ...images, policy: key, resource };
  }
  const named = parseRepository(`${project.name.replace(":", "/")}/${repository}`, location);
  const resolved = await resolveRepository(services.metadata, named);
  if (resolved.repositoryId === undefined) throw missing(named.path);
  return {
    ...images,
    policy: `repository/${resolved.repositoryId}`,
    resource: repositoryResource(named, resolved),
  };
}

function missing(name: string): ConsoleError {
  return new ConsoleError(404, "That was not done", `There is no place ${name.slice(0, 200)} in this project.`);
}
