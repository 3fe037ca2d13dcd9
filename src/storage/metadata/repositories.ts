import { deleteNameEnds, insertNameEnds, type NameToFind } from "./name-ends.ts";
import type { Reader, Writer } from "./schema.ts";

export interface RepositoryRow {
  readonly id: string;
  readonly location: string;
  readonly projectId: string;
  /** The path below the project. */
  readonly name: string;
}

/** The repository's id, made now where it does not exist. */
export async function ensureRepository(
  write: Writer,
  repository: Omit<RepositoryRow, "id">,
  now: number,
): Promise<string> {
  const { location, projectId, name } = repository;
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("repositories")
    .values({ id: Bun.randomUUIDv7(), location, project_id: projectId, name, created_at: now })
    .onConflict((conflict) => conflict.columns(["location", "project_id", "name"]).doNothing())
    .executeTakeFirst();
  const { id } = await write
    .selectFrom("repositories")
    .select("id")
    .where("location", "=", location)
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows === 1n) await insertNameEnds(write, await nameOf(write, id));
  return id;
}

/** Removes a repository's row, which nothing may refer to any more; true when it was there. */
export async function deleteRepository(write: Writer, id: string): Promise<boolean> {
  const name = await write.selectFrom("repositories").select("id").where("id", "=", id).executeTakeFirst();
  if (!name) return false;
  await deleteNameEnds(write, await nameOf(write, id));
  await write.deleteFrom("tag_history").where("repository_id", "=", id).execute();
  await write.deleteFrom("repositories").where("id", "=", id).execute();
  return true;
}

async function nameOf(read: Reader, id: string): Promise<NameToFind> {
  const { project, image, ...ids } = await read
    .selectFrom("repositories as r")
    .innerJoin("projects as p", "p.id", "r.project_id")
    .select(["r.id as repositoryId", "r.location", "r.project_id as projectId", "r.name as image", "p.name as project"])
    .where("r.id", "=", id)
    .executeTakeFirstOrThrow();
  return { ...ids, path: `${project.replace(":", "/")}/${image}` };
}

/** A project's repositories at one location in the order of their names, those after `after` only. */
export async function listRepositories(
  read: Reader,
  location: string,
  projectId: string,
  after: string,
  limit: number,
): Promise<RepositoryRow[]> {
  return await read
    .selectFrom("repositories")
    .select(["id", "location", "project_id as projectId", "name"])
    .where("location", "=", location)
    .where("project_id", "=", projectId)
    .where("name", ">", after)
    .orderBy("name")
    .limit(limit)
    .execute();
}

/** A repository by its names. */
export interface NamedRepository {
  readonly project: string;
  readonly image: string;
}

/** The names of these repositories of a location, those that are there. */
export async function findRepositoryNames(
  read: Reader,
  location: string,
  ids: readonly string[],
): Promise<NamedRepository[]> {
  if (ids.length === 0) return [];
  return await read
    .selectFrom("repositories")
    .innerJoin("projects", "projects.id", "repositories.project_id")
    .select(["projects.name as project", "repositories.name as image"])
    .where("repositories.id", "in", ids)
    .where("repositories.location", "=", location)
    .where("projects.deleted_at", "is", null)
    .execute();
}

/** Whole projects and single repositories, by id. */
export interface RepositorySelection {
  readonly projectIds: readonly string[];
  readonly repositoryIds: readonly string[];
}

/**
 * A location's repositories in the order of project and name, those after `after` only. Costs a step into an index for each
 * row, and one for each project and repository of a selection, whatever else there is.
 *
 * @param selection only these; all where it is absent
 */
export async function listRepositoriesByName(
  read: Reader,
  location: string,
  selection: RepositorySelection | undefined,
  after: NamedRepository,
  limit: number,
): Promise<NamedRepository[]> {
  if (selection) return await listSelected(read, location, selection, after, limit);
  const page = (count: number) =>
    read
      .selectFrom("projects")
      .innerJoin("repositories", "repositories.project_id", "projects.id")
      .select(["projects.name as project", "repositories.name as image"])
      .where("repositories.location", "=", location)
      .where("projects.deleted_at", "is", null)
      .orderBy("projects.name")
      .orderBy("repositories.name")
      .limit(count);
  const same = page(limit).where("projects.name", "=", after.project).where("repositories.name", ">", after.image);
  const rest = await same.execute();
  if (rest.length === limit) return rest;
  const later = page(limit - rest.length).where("projects.name", ">", after.project);
  return [...rest, ...(await later.execute())];
}

async function listSelected(
  read: Reader,
  location: string,
  { projectIds, repositoryIds }: RepositorySelection,
  after: NamedRepository,
  limit: number,
): Promise<NamedRepository[]> {
  const single = await findRepositoryNames(read, location, repositoryIds);
  const found = new Map(single.filter((each) => compare(each, after) > 0).map((each) => [keyOf(each), each]));
  let ofProjects = 0;
  for (const { id, name } of await findLivingProjects(read, projectIds, after.project)) {
    const from = name === after.project ? after.image : "";
    const rows = await listRepositories(read, location, id, from, limit - ofProjects);
    for (const { name: image } of rows) found.set(keyOf({ project: name, image }), { project: name, image });
    ofProjects += rows.length;
    if (ofProjects === limit) break;
  }
  return [...found.values()].sort(compare).slice(0, limit);
}

/** Those of the projects that are not deleted, from this name on. */
async function findLivingProjects(read: Reader, ids: readonly string[], from: string) {
  if (ids.length === 0) return [];
  return await read
    .selectFrom("projects")
    .select(["id", "name"])
    .where("id", "in", ids)
    .where("deleted_at", "is", null)
    .where("name", ">=", from)
    .orderBy("name")
    .execute();
}

function keyOf({ project, image }: NamedRepository): string {
  return `${project}/${image}`;
}

function compare(one: NamedRepository, other: NamedRepository): number {
  return one.project === other.project ? order(one.image, other.image) : order(one.project, other.project);
}

/** As the databases order names, which are ASCII. */
function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
