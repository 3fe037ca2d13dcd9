import type { Reader, Writer } from "./schema.ts";

export interface UserRow {
  readonly id: string;
  readonly email: string;
}

/** A user as an administrator sees them. */
export interface UserDetails extends UserRow {
  readonly createdAt: number;
  /** When they first signed in; null for one whom only a policy or an invitation names. */
  readonly joinedAt: number | null;
  readonly disabledAt: number | null;
}

const details = [
  "id",
  "email",
  "created_at as createdAt",
  "joined_at as joinedAt",
  "disabled_at as disabledAt",
] as const;

/** A user who is not deleted. */
export async function findUser(read: Reader, email: string): Promise<UserRow | undefined> {
  return await read
    .selectFrom("users")
    .select(["id", "email"])
    .where("email", "=", email)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

/** A user who is not deleted, by e-mail or unique id. */
export async function findUserDetails(read: Reader, emailOrId: string): Promise<UserDetails | undefined> {
  return await read
    .selectFrom("users")
    .select(details)
    .where(emailOrId.includes("@") ? "email" : "id", "=", emailOrId)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

/** The users that are not deleted, in the order of their e-mails, those after `after` only. */
export async function listUsers(read: Reader, after: string, limit: number): Promise<UserDetails[]> {
  return await read
    .selectFrom("users")
    .select(details)
    .where("deleted_at", "is", null)
    .where("email", ">", after)
    .orderBy("email")
    .limit(limit)
    .execute();
}

/** The e-mail of a user by id, whether deleted or not. */
export async function findUserName(
  read: Reader,
  id: string,
): Promise<{ email: string; deletedAt: number | null } | undefined> {
  return await read
    .selectFrom("users")
    .select(["email", "deleted_at as deletedAt"])
    .where("id", "=", id)
    .executeTakeFirst();
}

export async function insertUser(write: Writer, user: UserRow, now: number): Promise<void> {
  await write
    .insertInto("users")
    .values({ ...user, created_at: now, joined_at: null, disabled_at: null, deleted_at: null })
    .execute();
}

/** Notes that somebody signed in for the first time. */
export async function markUserJoined(write: Writer, id: string, now: number): Promise<void> {
  await write
    .updateTable("users")
    .set({ joined_at: now })
    .where("id", "=", id)
    .where("joined_at", "is", null)
    .execute();
}

export async function setUserDisabled(write: Writer, id: string, disabledAt: number | null): Promise<void> {
  await write.updateTable("users").set({ disabled_at: disabledAt }).where("id", "=", id).execute();
}

export async function markUserDeleted(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("users").set({ deleted_at: now }).where("id", "=", id).execute();
}
