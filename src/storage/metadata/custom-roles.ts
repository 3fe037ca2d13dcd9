import type { Reader, Writer } from "./schema.ts";

export interface CustomRoleRow {
  /** `projects/PROJECT-ID/roles/NAME` */
  readonly id: string;
  readonly projectId: string;
  readonly title: string;
  readonly description: string;
  readonly stage: string;
  /** A JSON array. */
  readonly permissions: string;
  readonly etag: string;
  readonly createdAt: number;
  readonly deletedAt: number | null;
}

const columns = [
  "id",
  "project_id as projectId",
  "title",
  "description",
  "stage",
  "permissions",
  "etag",
  "created_at as createdAt",
  "deleted_at as deletedAt",
] as const;

/** Deleted ones, too: they can come back. */
export async function findCustomRole(read: Reader, id: string): Promise<CustomRoleRow | undefined> {
  return await read.selectFrom("custom_roles").select(columns).where("id", "=", id).executeTakeFirst();
}

/** A project's roles in the order of their ids, those after `after` only. */
export async function listCustomRoles(
  read: Reader,
  projectId: string,
  { deleted, after, limit }: { deleted: boolean; after: string; limit: number },
): Promise<CustomRoleRow[]> {
  const all = read.selectFrom("custom_roles").select(columns).where("project_id", "=", projectId);
  return await (deleted ? all : all.where("deleted_at", "is", null))
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute();
}

/** Adds a role; false when the project has, or had, one of that name. */
export async function insertCustomRole(write: Writer, role: CustomRoleRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("custom_roles")
    .values(toColumns(role))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function updateCustomRole(write: Writer, role: CustomRoleRow): Promise<void> {
  const { id, ...rest } = toColumns(role);
  await write.updateTable("custom_roles").set(rest).where("id", "=", id).execute();
}

function toColumns({ projectId, createdAt, deletedAt, ...rest }: CustomRoleRow) {
  return { ...rest, project_id: projectId, created_at: createdAt, deleted_at: deletedAt };
}
