import { enqueueReviews } from "./reviews.ts";
import type { Reader, Writer } from "./schema.ts";

export interface ProjectRow {
  /** The project number. */
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly createdAt: number;
}

const columns = ["id", "name", "display_name as displayName", "created_at as createdAt"] as const;

/** A project that is not deleted. */
export async function findProject(read: Reader, name: string): Promise<ProjectRow | undefined> {
  return await read
    .selectFrom("projects")
    .select(columns)
    .where("name", "=", name)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

export async function findProjectById(read: Reader, id: string): Promise<ProjectRow | undefined> {
  return await read
    .selectFrom("projects")
    .select(columns)
    .where("id", "=", id)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

/** Projects in the order of their names, those after `after` only. */
export async function listProjects(read: Reader, after: string, limit: number): Promise<ProjectRow[]> {
  return await read
    .selectFrom("projects")
    .select(columns)
    .where("deleted_at", "is", null)
    .where("name", ">", after)
    .orderBy("name")
    .limit(limit)
    .execute();
}

/** Adds a project; false when the name is taken. */
export async function insertProject(write: Writer, project: ProjectRow): Promise<boolean> {
  const { id, name, displayName, createdAt } = project;
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("projects")
    .values({ id, name, display_name: displayName, created_at: createdAt, deleted_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/**
 * Frees the name and ends everything the project's accounts may do; its rows stay for those that hold its id, its images until a
 * collection takes them.
 */
export async function markProjectDeleted(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("projects").set({ deleted_at: now }).where("id", "=", id).execute();
  await write
    .updateTable("service_accounts")
    .set({ deleted_at: now })
    .where("project_id", "=", id)
    .where("deleted_at", "is", null)
    .execute();
  await enqueueReviews(write, [{ kind: "project", repositoryId: id, digest: "" }], now);
}
