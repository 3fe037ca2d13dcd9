import {
  locationKey,
  locationResource,
  prefixKey,
  prefixResource,
  projectResource,
  type Resource,
  repositoryResource,
} from "../../../access/resource.ts";
import { parseRepository, type Repository } from "../../../registry/repository.ts";
import { type ResolvedRepository, resolveRepository } from "../../../registry/resolve.ts";
import type { ProjectRow } from "../../../storage/metadata/projects.ts";
import type { ResourceKey } from "../../../storage/metadata/schema.ts";
import { invalidField } from "../api-error.ts";
import type { GoogleServices } from "../services.ts";
import type { PathParameters, Target } from "../targets.ts";
import { type ArtifactPlace, findPlace, locationsIn } from "./artifact-place.ts";

/** What Artifact Registry's paths can name. */
export interface ArtifactTargets {
  /** One of Artifact Registry's locations, with the storage locations in it. */
  readonly region: { readonly project: ProjectRow; readonly region: string; readonly locations: readonly string[] };
  readonly artifactRepository: { readonly project: ProjectRow; readonly place: ArtifactPlace };
  /** An image: what we call a repository. */
  readonly package: {
    readonly project: ProjectRow;
    readonly place: ArtifactPlace;
    readonly resolved: ResolvedRepository;
    readonly repositoryId: string;
  };
}

type Find<Kind extends keyof ArtifactTargets> = (
  services: GoogleServices,
  path: PathParameters,
) => Promise<Target<Kind>>;

export const findRegion: Find<"region"> = async ({ projects, locations }, { project: name = "", region = "" }) => {
  const project = await projects.resolve(name);
  const here = locationsIn(locations, region);
  const { keys } = projectResource(name, project?.id);
  const resource = { name: `location ${region} of project ${name}`, keys };
  return { resource, found: project && here.length > 0 ? { project, region, locations: here } : undefined };
};

/** A permission is asked on the storage location, or on the folder of it that the repository is. */
export const findArtifactRepository: Find<"artifactRepository"> = async (services, path) => {
  const { project: name = "", region = "", artifactRepository: repository = "" } = path;
  const project = await services.projects.resolve(name);
  const place = findPlace(services.locations, region, repository);
  const resource = project && place ? resourceOf(project, place) : projectResource(name, project?.id);
  return {
    resource: { ...resource, name: `repository ${repository} at ${region} of project ${name}` },
    found: project && place && { project, place },
  };
};

/** Where the policy of one of Artifact Registry's repositories hangs. */
export function artifactPolicy({ project, place }: ArtifactTargets["artifactRepository"]): ResourceKey {
  const { location, prefix, repository } = place;
  return prefix === "" ? locationKey(location, project.id) : prefixKey(location, project.id, repository);
}

function resourceOf({ id, name: project }: ProjectRow, { location, prefix, repository }: ArtifactPlace): Resource {
  if (prefix === "") return locationResource(project, location, id);
  return prefixResource({ project, location, prefix: repository }, id);
}

export const findPackage: Find<"package"> = async (services, path) => {
  const { resource, found } = await findArtifactRepository(services, path);
  const id = decodedOnce(path.package ?? "");
  if (!found) return { resource: { ...resource, name: `package ${id} of ${resource.name}` }, found: undefined };
  const { project, place } = found;
  const image = parseImage(project.name, `${place.prefix}${id}`, place.location);
  const resolved = await resolveRepository(services.metadata, image);
  const { repositoryId } = resolved;
  return {
    resource: repositoryResource(image, { projectId: project.id, repositoryId }),
    found: repositoryId === undefined ? undefined : { project, place, resolved, repositoryId },
  };
};

/** gcloud's client encodes the `%2F` of a nested image once more. */
export function decodedOnce(id: string): string {
  return id.replaceAll(/%2f/gi, "/");
}

function parseImage(project: string, image: string, location: string): Repository {
  try {
    return parseRepository(`${project.replace(":", "/")}/${image}`, location);
  } catch (error) {
    throw invalidField("name", (error as Error).message);
  }
}
