import type { Reader, Writer } from "./schema.ts";

export interface PoolRow {
  readonly id: string;
  /** The pool's project; its number is part of every principal's name. */
  readonly projectId: string;
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly createdAt: number;
  readonly disabledAt: number | null;
  readonly deletedAt: number | null;
}

export interface ProviderRow extends Omit<PoolRow, "projectId"> {
  readonly poolId: string;
  /** JSON. */
  readonly settings: string;
}

/** What may change of a pool. */
export type PoolChange = Partial<Pick<PoolRow, "displayName" | "description" | "disabledAt" | "deletedAt">>;
export type ProviderChange = PoolChange & Partial<Pick<ProviderRow, "settings">>;

/** Which rows a listing has. */
export interface Slice {
  readonly after: string;
  readonly limit: number;
  readonly showDeleted: boolean;
}

const common = [
  "id",
  "name",
  "display_name as displayName",
  "description",
  "created_at as createdAt",
  "disabled_at as disabledAt",
  "deleted_at as deletedAt",
] as const;
const poolColumns = [...common, "project_id as projectId"] as const;
const providerColumns = [...common, "pool_id as poolId", "settings"] as const;

/** A project's pool by its name, deleted or not. */
export async function findPool(read: Reader, projectId: string, name: string): Promise<PoolRow | undefined> {
  return await read
    .selectFrom("workload_identity_pools")
    .select(poolColumns)
    .where("project_id", "=", projectId)
    .where("name", "=", name)
    .executeTakeFirst();
}

/** A project's pools in the order of their names. */
export async function listPools(read: Reader, projectId: string, slice: Slice): Promise<PoolRow[]> {
  return await read
    .selectFrom("workload_identity_pools")
    .select(poolColumns)
    .where("project_id", "=", projectId)
    .where("name", ">", slice.after)
    .$if(!slice.showDeleted, (query) => query.where("deleted_at", "is", null))
    .orderBy("name")
    .limit(slice.limit)
    .execute();
}

/** Adds a pool; false when the name is taken, be it by one that was deleted. */
export async function insertPool(write: Writer, pool: PoolRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("workload_identity_pools")
    .values({ ...rowOf(pool), project_id: pool.projectId })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function updatePool(write: Writer, id: string, change: PoolChange): Promise<void> {
  await write.updateTable("workload_identity_pools").set(changeOf(change)).where("id", "=", id).execute();
}

/** A pool's provider by its name, deleted or not. */
export async function findProvider(read: Reader, poolId: string, name: string): Promise<ProviderRow | undefined> {
  return await read
    .selectFrom("workload_identity_providers")
    .select(providerColumns)
    .where("pool_id", "=", poolId)
    .where("name", "=", name)
    .executeTakeFirst();
}

/** A pool's providers in the order of their names. */
export async function listProviders(read: Reader, poolId: string, slice: Slice): Promise<ProviderRow[]> {
  return await read
    .selectFrom("workload_identity_providers")
    .select(providerColumns)
    .where("pool_id", "=", poolId)
    .where("name", ">", slice.after)
    .$if(!slice.showDeleted, (query) => query.where("deleted_at", "is", null))
    .orderBy("name")
    .limit(slice.limit)
    .execute();
}

/** Adds a provider; false when the name is taken, be it by one that was deleted. */
export async function insertProvider(write: Writer, provider: ProviderRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("workload_identity_providers")
    .values({ ...rowOf(provider), pool_id: provider.poolId, settings: provider.settings })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function updateProvider(write: Writer, id: string, change: ProviderChange): Promise<void> {
  await write
    .updateTable("workload_identity_providers")
    .set({ ...changeOf(change), ...(change.settings !== undefined && { settings: change.settings }) })
    .where("id", "=", id)
    .execute();
}

function rowOf(row: Omit<PoolRow, "projectId">) {
  return {
    id: row.id,
    name: row.name,
    display_name: row.displayName,
    description: row.description,
    created_at: row.createdAt,
    disabled_at: row.disabledAt,
    deleted_at: row.deletedAt,
  };
}

/** Names the row itself, so that a change of nothing is a change too. */
function changeOf(change: PoolChange) {
  return {
    ...(change.displayName !== undefined && { display_name: change.displayName }),
    ...(change.description !== undefined && { description: change.description }),
    ...(change.disabledAt !== undefined && { disabled_at: change.disabledAt }),
    ...(change.deletedAt !== undefined && { deleted_at: change.deletedAt }),
  };
}
