import type { Reader, Writer } from "./schema.ts";

export interface UserRow {
  readonly id: string;
  readonly email: string;
}

/** A user who is not deleted. */
export async function findUser(read: Reader, email: string): Promise<UserRow | undefined> {
  return await read
    .selectFrom("users")
    .select(["id", "email"])
    .where("email", "=", email)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
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
    .values({ ...user, created_at: now, disabled_at: null, deleted_at: null })
    .execute();
}
