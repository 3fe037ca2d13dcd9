import type { ProjectRow } from "./projects.ts";
import type { RepositorySelection } from "./repositories.ts";
import type { Reader } from "./schema.ts";

/** Ids in one question: SQLite and PostgreSQL take more, but nobody reads that many names. */
const idsMax = 5000;

/** The selected projects, and those of the selected repositories, in the order of their names, after `after` only. */
export async function listProjectsAmong(
  read: Reader,
  { projectIds, repositoryIds }: RepositorySelection,
  after: string,
  limit: number,
): Promise<ProjectRow[]> {
  return await read
    .selectFrom("projects")
    .select(["id", "name", "display_name as displayName", "created_at as createdAt"])
    .where("deleted_at", "is", null)
    .where("name", ">", after)
    .where((row) =>
      row.or([
        row("id", "in", projectIds.slice(0, idsMax)),
        row("id", "in", (inner) =>
          inner.selectFrom("repositories").select("project_id").where("id", "in", repositoryIds.slice(0, idsMax)),
        ),
      ]),
    )
    .orderBy("name")
    .limit(limit)
    .execute();
}
