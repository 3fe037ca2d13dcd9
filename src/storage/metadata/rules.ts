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

/** Repositories that have rules or whose project has, in the order of their ids, those after `after` only. */
export async function listRuledRepositories(
  read: Reader,
  after: string,
  limit: number,
  projectId?: string,
): Promise<RuledRepository[]> {
  const ruled = read
    .selectFrom("repositories")
    .innerJoin("projects", "projects.id", "repositories.project_id")
    .select(["repositories.id", "repositories.project_id as projectId", "location", "repositories.name as image"])
    .where("projects.deleted_at", "is", null)
    .where("repositories.id", ">", after)
    .where(({ or, eb, selectFrom }) =>
      or([
        eb("repositories.project_id", "in", selectFrom("rules").select("project_id").where("repository_id", "=", "")),
        eb("repositories.id", "in", selectFrom("rules").select("repository_id")),
      ]),
    );
  const selected = projectId === undefined ? ruled : ruled.where("repositories.project_id", "=", projectId);
  return await selected.orderBy("repositories.id").limit(limit).execute();
}
