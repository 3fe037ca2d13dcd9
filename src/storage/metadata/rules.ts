import type { Reader, Writer } from "./schema.ts";

/** What rules belong to: a project, or one of its repositories. */
export interface RulesOwner {
  readonly projectId: string;
  /** Absent for the rules of the project itself. */
  readonly repositoryId?: string | undefined;
}

export interface RulesRow {
  readonly etag: string;
  readonly body: string;
}

/** The owner's own rules. */
export async function findRules(
  read: Reader,
  { projectId, repositoryId = "" }: RulesOwner,
): Promise<RulesRow | undefined> {
  return await read
    .selectFrom("rules")
    .select(["etag", "body"])
    .where("project_id", "=", projectId)
    .where("repository_id", "=", repositoryId)
    .executeTakeFirst();
}

/** The rules of a project and those of one of its repositories, in this order, those that there are. */
export async function listRulesOver(read: Reader, { projectId, repositoryId = "" }: RulesOwner): Promise<RulesRow[]> {
  return await read
    .selectFrom("rules")
    .select(["etag", "body"])
    .where("project_id", "=", projectId)
    .where("repository_id", "in", ["", repositoryId])
    .orderBy("repository_id")
    .execute();
}

/** Puts rules in the place of the owner's old ones. */
export async function replaceRules(
  write: Writer,
  { projectId, repositoryId = "" }: RulesOwner,
  { etag, body }: RulesRow,
  now: number,
): Promise<void> {
  const row = { etag, body, updated_at: now };
  await write
    .insertInto("rules")
    .values({ project_id: projectId, repository_id: repositoryId, ...row })
    .onConflict((conflict) => conflict.columns(["project_id", "repository_id"]).doUpdateSet(row))
    .execute();
}

/** True when there were some. */
export async function deleteRules(write: Writer, { projectId, repositoryId = "" }: RulesOwner): Promise<boolean> {
  const { numDeletedRows } = await write
    .deleteFrom("rules")
    .where("project_id", "=", projectId)
    .where("repository_id", "=", repositoryId)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** A repository that rules apply to. */
export interface RuledRepository {
  readonly id: string;
  readonly projectId: string;
  readonly location: string;
  /** The path below the project. */
  readonly image: string;
}

/** Projects that have rules, or a repository with some, in the order of their ids, those after `after` only. */
export async function listRuledProjects(read: Reader, after: string, limit: number): Promise<string[]> {
  const rows = await read
    .selectFrom("rules")
    .innerJoin("projects", "projects.id", "rules.project_id")
    .select("rules.project_id as projectId")
    .distinct()
    .where("projects.deleted_at", "is", null)
    .where("rules.project_id", ">", after)
    .orderBy("rules.project_id")
    .limit(limit)
    .execute();
  return rows.map(({ projectId }) => projectId);
}

/**
 * A project's repositories that have rules, or all of them where the project itself has, in the order of their ids, those
 * after `after` only.
 */
export async function listRuledRepositories(
  read: Reader,
  projectId: string,
  after: string,
  limit: number,
): Promise<RuledRepository[]> {
  const all = read
    .selectFrom("repositories")
    .select(["id", "repositories.project_id as projectId", "location", "name as image"])
    .where("repositories.project_id", "=", projectId)
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit);
  if (await findRules(read, { projectId })) return await all.execute();
  return await all
    .innerJoin("rules", (join) =>
      join.onRef("rules.repository_id", "=", "repositories.id").on("rules.project_id", "=", projectId),
    )
    .execute();
}
