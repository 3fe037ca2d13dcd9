import type { Metadata } from "../storage/metadata/metadata.ts";
import {
  listRepositoriesByName,
  type NamedRepository,
  type RepositorySelection,
} from "../storage/metadata/repositories.ts";
import type { ResourceKey } from "../storage/metadata/schema.ts";
import { repositoryPath } from "./repository.ts";
import type { Page } from "./tags.ts";

/**
 * The names of a location's repositories, project by project.
 *
 * @param visible what may be listed: everything, or these projects, locations of projects, and repositories
 * @param after the last name of the page before; empty for the first
 */
export async function catalogPage(
  metadata: Metadata,
  location: string,
  visible: "everything" | readonly ResourceKey[],
  after: string,
  limit: number,
): Promise<Page> {
  const selection = visible === "everything" ? undefined : selectionOf(visible, location);
  const nothing = selection && selection.projectIds.length + selection.repositoryIds.length === 0;
  if (limit === 0 || nothing) return { names: [], more: false };
  const rows = await listRepositoriesByName(metadata.read, location, selection, splitPath(after), limit + 1);
  const names = rows.map(({ project, image }) => repositoryPath(project, image));
  return { names: names.slice(0, limit), more: names.length > limit };
}

/** What may be listed at one location: whole projects and single repositories. */
export function selectionOf(visible: readonly ResourceKey[], location: string): RepositorySelection {
  const idsOf = (prefix: string, suffix = "") =>
    visible
      .filter((key) => key.startsWith(prefix) && key.endsWith(suffix))
      .map((key) => key.slice(prefix.length, key.length - suffix.length));
  const projectIds = [...idsOf("project/"), ...idsOf("location/", `/${location}`)];
  return { projectIds, repositoryIds: idsOf("repository/") };
}

/** The inverse of `repositoryPath`, for any text: a cursor need not name what exists. */
function splitPath(path: string): NamedRepository {
  const [first = "", second = "", ...rest] = path.split("/");
  if (!first.includes(".")) return { project: first, image: [second, ...rest].join("/") };
  return { project: `${first}:${second}`, image: rest.join("/") };
}
