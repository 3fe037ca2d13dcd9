import type { Metadata } from "../storage/metadata/metadata.ts";
import { findNames } from "../storage/metadata/name-ends.ts";
import { findRepositoryNames, listRepositoriesByName } from "../storage/metadata/repositories.ts";
import type { ResourceKey } from "../storage/metadata/schema.ts";
import { selectionOf } from "./catalog.ts";
import { repositoryPath } from "./repository.ts";
import type { Page } from "./tags.ts";

/** Who may see more projects than this has the index of all names filtered. */
const projectsMax = 100;
const namesPerStep = 500;
/** A search that has looked at so many names that its caller may not see ends with what it found. */
const stepsMax = 200;

/**
 * The repositories of a location whose names contain a text. What ends with it comes first, then what has the least after it:
 * `team/web`, `team/web-app`, `team/webhook`. Its cost follows what is found, not what is stored.
 *
 * @param visible what may be found: everything, or these projects, locations of projects, and repositories
 * @param skip how many to leave out: those of the pages before
 */
export async function searchRepositories(
  metadata: Metadata,
  location: string,
  visible: "everything" | readonly ResourceKey[],
  text: string,
  skip: number,
  limit: number,
): Promise<Page> {
  const wanted = skip + limit + 1;
  const names = await find(metadata, location, visible, text, wanted);
  return { names: names.slice(skip, skip + limit), more: names.length === wanted };
}

async function find(
  metadata: Metadata,
  location: string,
  visible: "everything" | readonly ResourceKey[],
  text: string,
  wanted: number,
): Promise<string[]> {
  const { read } = metadata;
  const selection = visible === "everything" ? undefined : selectionOf(visible, location);
  if (text === "") {
    if (selection && selection.projectIds.length + selection.repositoryIds.length === 0) return [];
    const rows = await listRepositoriesByName(read, location, selection, { project: "", image: "" }, wanted);
    return rows.map(({ project, image }) => repositoryPath(project, image));
  }
  if (!selection) return (await findNames(read, location, undefined, text, undefined, wanted)).map(({ path }) => path);
  const found = new Map<string, string>();
  const { projectIds, repositoryIds } = selection;
  if (projectIds.length > projectsMax) await findAmong(metadata, location, new Set(projectIds), text, wanted, found);
  else {
    for (const projectId of new Set(projectIds)) {
      for (const { path, end } of await findNames(read, location, projectId, text, undefined, wanted))
        found.set(path, end);
    }
  }
  for (const { project, image } of await findRepositoryNames(read, location, repositoryIds)) {
    const path = repositoryPath(project, image);
    const at = path.indexOf(text);
    if (at !== -1) found.set(path, path.slice(at));
  }
  return [...found]
    .sort(([path, end], [otherPath, otherEnd]) => compare(end, otherEnd) || compare(path, otherPath))
    .slice(0, wanted)
    .map(([path]) => path);
}

/** Walks the index of all names and keeps those of the projects. */
async function findAmong(
  { read }: Metadata,
  location: string,
  projectIds: ReadonlySet<string>,
  text: string,
  wanted: number,
  found: Map<string, string>,
): Promise<void> {
  let after: Awaited<ReturnType<typeof findNames>>[number] | undefined;
  for (let step = 0; step < stepsMax && found.size < wanted; step++) {
    const names = await findNames(read, location, undefined, text, after, namesPerStep);
    for (const { path, end, projectId } of names) if (projectIds.has(projectId)) found.set(path, end);
    after = names.at(-1);
    if (names.length < namesPerStep) return;
    await new Promise(setImmediate);
  }
}

/** Byte order: names are ASCII. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
