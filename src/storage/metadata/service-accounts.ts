import type { Reader, Writer } from "./schema.ts";

export interface ServiceAccountRow {
  /** 21 digits, never used again. */
  readonly id: string;
  readonly projectId: string;
  readonly email: string;
  readonly displayName: string;
  readonly description: string;
  readonly etag: string;
  readonly createdAt: number;
  readonly disabledAt: number | null;
  /** The workloads that alone may use it, as JSON; empty for no such limit. */
  readonly workloads: string;
}

const columns = [
  "id",
  "project_id as projectId",
  "email",
  "display_name as displayName",
  "description",
  "etag",
  "created_at as createdAt",
  "disabled_at as disabledAt",
  "workloads",
] as const;

/** An account that is not deleted, by its e-mail or its unique id. */
export async function findServiceAccount(read: Reader, emailOrId: string): Promise<ServiceAccountRow | undefined> {
  return await read
    .selectFrom("service_accounts")
    .select(columns)
    .where(emailOrId.includes("@") ? "email" : "id", "=", emailOrId)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

/** The e-mail of an account by id, whether deleted or not. */
export async function findServiceAccountName(
  read: Reader,
  id: string,
): Promise<{ email: string; deletedAt: number | null } | undefined> {
  return await read
    .selectFrom("service_accounts")
    .select(["email", "deleted_at as deletedAt"])
    .where("id", "=", id)
    .executeTakeFirst();
}

/** A project's accounts in the order of their e-mails, those after `after` only. */
export async function listServiceAccounts(
  read: Reader,
  projectId: string,
  after: string,
  limit: number,
): Promise<ServiceAccountRow[]> {
  return await read
    .selectFrom("service_accounts")
    .select(columns)
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .where("email", ">", after)
    .orderBy("email")
    .limit(limit)
    .execute();
}

/** Adds an account; false when the e-mail is taken. */
export async function insertServiceAccount(write: Writer, account: ServiceAccountRow): Promise<boolean> {
  const { id, projectId, email, displayName, description, etag, createdAt } = account;
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("service_accounts")
    .values({
      id,
      project_id: projectId,
      email,
      display_name: displayName,
      description,
      etag,
      created_at: createdAt,
      disabled_at: null,
      deleted_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Changes what may change of an account. */
export async function updateServiceAccount(
  write: Writer,
  id: string,
  change: Partial<Pick<ServiceAccountRow, "displayName" | "description" | "disabledAt" | "workloads">> & {
    readonly etag: string;
  },
): Promise<void> {
  await write
    .updateTable("service_accounts")
    .set({
      etag: change.etag,
      ...(change.displayName !== undefined && { display_name: change.displayName }),
      ...(change.description !== undefined && { description: change.description }),
      ...(change.disabledAt !== undefined && { disabled_at: change.disabledAt }),
      ...(change.workloads !== undefined && { workloads: change.workloads }),
    })
    .where("id", "=", id)
    .execute();
}

export async function markServiceAccountDeleted(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("service_accounts").set({ deleted_at: now }).where("id", "=", id).execute();
}
