import { listChildren, listChildrenAmong } from "../storage/metadata/listings.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { ResourceKey } from "../storage/metadata/schema.ts";
import { selectionOf } from "./catalog.ts";

/** A place that names can lie below: a project at a location, or a repository of it. */
export interface Place {
  readonly location: string;
  readonly projectId: string;
  /** The path below the project; empty for the project itself. */
  readonly image: string;
}

/** Google's clients follow no pages of these, so that the list is whole or is not given. */
export const childrenMax = 10_000;

/**
 * The names that come next below a place, those that may be listed; undefined where there are more than `childrenMax`.
 *
 * @param visible what may be listed: everything, or these projects, locations of projects, and repositories
 */
export async function childNames(
  { read }: Metadata,
  { location, projectId, image }: Place,
  visible: "everything" | readonly ResourceKey[],
): Promise<readonly string[] | undefined> {
  const prefix = image === "" ? "" : `${image}/`;
  const { projectIds, repositoryIds } =
    visible === "everything" ? { projectIds: [projectId], repositoryIds: [] } : selectionOf(visible, location);
  const names = projectIds.includes(projectId)
    ? await listChildren(read, location, projectId, prefix, childrenMax + 1)
    : await listChildrenAmong(read, location, projectId, prefix, repositoryIds);
  return names.length > childrenMax ? undefined : names.toSorted();
}
