import type { Metadata } from "../storage/metadata/metadata.ts";
import { RegistryError } from "./registry-error.ts";
import type { Repository } from "./repository.ts";

/** A repository's name with the immutable ids it stands for now. */
export interface ResolvedRepository {
  readonly repository: Repository;
  /** Absent where there is no such project. */
  readonly projectId: string | undefined;
  /** Absent where nothing was pushed yet. */
  readonly repositoryId: string | undefined;
}

export async function resolveRepository(metadata: Metadata, repository: Repository): Promise<ResolvedRepository> {
  const { location, project, image } = repository;
  const projectId = await metadata.hot.projectId(project);
  const repositoryId = projectId && (await metadata.hot.repositoryId(location, projectId, image));
  return { repository, projectId, repositoryId };
}

/** The project to push to. Throws NAME_UNKNOWN where there is none. */
export function existingProject({ repository, projectId }: ResolvedRepository): string {
  if (projectId !== undefined) return projectId;
  throw new RegistryError(
    "NAME_UNKNOWN",
    `there is no project ${repository.project}: make it with waybill projects create ${repository.project}`,
  );
}

/** The repository to read from. Throws NAME_UNKNOWN where there is none. */
export function existingRepository({ repository, repositoryId }: ResolvedRepository): string {
  if (repositoryId !== undefined) return repositoryId;
  throw new RegistryError("NAME_UNKNOWN", `there is no repository ${repository.path}`);
}
