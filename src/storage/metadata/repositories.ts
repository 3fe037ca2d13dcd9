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
  await write
    .insertInto("repositories")
    .values({ id: Bun.randomUUIDv7(), location, project_id: projectId, name, created_at: now })
    .onConflict((conflict) => conflict.columns(["location", "project_id", "name"]).doNothing())
    .execute();
  const { id } = await write
    .selectFrom("repositories")
    .select("id")
    .where("location", "=", location)
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return id;
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
