import type { Reader, Writer } from "./schema.ts";
import type { ImportItemsTable, ImportsTable } from "./upstream-tables.ts";

/** An import into a cache. */
export interface ImportRow {
  readonly projectId: string;
  readonly location: string;
  readonly state: ImportsTable["state"];
  readonly message: string;
  readonly startedAt: number;
  readonly updatedAt: number;
}

/** One tag to bring over. */
export interface ImportItem {
  readonly repository: string;
  readonly tag: string;
  readonly tries: number;
}

const columns = [
  "project_id as projectId",
  "location",
  "state",
  "message",
  "started_at as startedAt",
  "updated_at as updatedAt",
] as const;

/** Begins an import, or begins one anew that is there already: what it has brought stays brought. */
export async function beginImport(write: Writer, projectId: string, location: string, now: number): Promise<void> {
  const begun = { location, state: "listing", message: "", started_at: now, updated_at: now } as const;
  await write
    .insertInto("imports")
    .values({ project_id: projectId, ...begun })
    .onConflict((conflict) => conflict.column("project_id").doUpdateSet(begun))
    .execute();
  await write
    .updateTable("import_items")
    .set({ state: "waiting", tries: 0, message: "" })
    .where("project_id", "=", projectId)
    .where("state", "=", "failed")
    .execute();
}

export async function advanceImport(
  write: Writer,
  projectId: string,
  { state, message }: Pick<ImportRow, "state" | "message">,
  now: number,
): Promise<void> {
  await write
    .updateTable("imports")
    .set({ state, message, updated_at: now })
    .where("project_id", "=", projectId)
    .execute();
}

export async function findImport(read: Reader, projectId: string): Promise<ImportRow | undefined> {
  return await read.selectFrom("imports").select(columns).where("project_id", "=", projectId).executeTakeFirst();
}

/** The imports of projects that are not deleted which have something left to do. */
export async function listUnfinishedImports(read: Reader): Promise<ImportRow[]> {
  return await read
    .selectFrom("imports")
    .innerJoin("projects", "projects.id", "imports.project_id")
    .select(columns)
    .where("projects.deleted_at", "is", null)
    .where("imports.state", "!=", "done")
    .orderBy("imports.started_at")
    .execute();
}

/** Notes tags that are to be brought; those that are noted already stay as they are. */
export async function insertImportItems(
  write: Writer,
  projectId: string,
  repository: string,
  tags: readonly string[],
): Promise<void> {
  const pageSize = 100;
  for (let start = 0; start < tags.length; start += pageSize) {
    const rows = tags.slice(start, start + pageSize).map((tag) => ({
      project_id: projectId,
      repository,
      tag,
      state: "waiting" as const,
      tries: 0,
      message: "",
    }));
    await write
      .insertInto("import_items")
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Some of the tags that wait, in the order of their names. */
export async function listWaitingItems(read: Reader, projectId: string, limit: number): Promise<ImportItem[]> {
  return await read
    .selectFrom("import_items")
    .select(["repository", "tag", "tries"])
    .where("project_id", "=", projectId)
    .where("state", "=", "waiting")
    .orderBy("repository")
    .orderBy("tag")
    .limit(limit)
    .execute();
}

/** Says what became of a tag. */
export async function settleImportItem(
  write: Writer,
  projectId: string,
  { repository, tag }: Pick<ImportItem, "repository" | "tag">,
  outcome: Pick<ImportItemsTable, "state" | "tries" | "message">,
): Promise<void> {
  await write
    .updateTable("import_items")
    .set(outcome)
    .where("project_id", "=", projectId)
    .where("repository", "=", repository)
    .where("tag", "=", tag)
    .execute();
}

/** How many tags wait, are done, have failed. */
export async function countImportItems(
  read: Reader,
  projectId: string,
): Promise<Record<ImportItemsTable["state"], number>> {
  const rows = await read
    .selectFrom("import_items")
    .select(({ fn }) => ["state", fn.countAll().as("count")])
    .where("project_id", "=", projectId)
    .groupBy("state")
    .execute();
  const counts = { waiting: 0, done: 0, failed: 0 };
  for (const { state, count } of rows) counts[state] = Number(count);
  return counts;
}

/** Tags that could not be brought, and why. */
export async function listFailedItems(read: Reader, projectId: string, limit: number) {
  return await read
    .selectFrom("import_items")
    .select(["repository", "tag", "message"])
    .where("project_id", "=", projectId)
    .where("state", "=", "failed")
    .orderBy("repository")
    .orderBy("tag")
    .limit(limit)
    .execute();
}
