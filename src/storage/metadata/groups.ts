import type { MemberKey, Reader, Writer } from "./schema.ts";

export interface GroupRow {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  readonly description: string;
  readonly createdAt: number;
}

export interface GroupMemberRow {
  readonly member: MemberKey;
  readonly addedAt: number;
}

const columns = ["id", "email", "display_name as displayName", "description", "created_at as createdAt"] as const;

/** A group that is not deleted, by its e-mail or its id. */
export async function findGroup(read: Reader, emailOrId: string): Promise<GroupRow | undefined> {
  return await read
    .selectFrom("groups")
    .select(columns)
    .where(emailOrId.includes("@") ? "email" : "id", "=", emailOrId)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
}

/** The e-mail of a group by id, whether deleted or not. */
export async function findGroupName(
  read: Reader,
  id: string,
): Promise<{ email: string; deletedAt: number | null } | undefined> {
  return await read
    .selectFrom("groups")
    .select(["email", "deleted_at as deletedAt"])
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Groups in the order of their e-mails, those after `after` only. */
export async function listGroups(read: Reader, after: string, limit: number): Promise<GroupRow[]> {
  return await read
    .selectFrom("groups")
    .select(columns)
    .where("deleted_at", "is", null)
    .where("email", ">", after)
    .orderBy("email")
    .limit(limit)
    .execute();
}

/** Adds a group; false when the e-mail is taken. */
export async function insertGroup(write: Writer, group: GroupRow): Promise<boolean> {
  const { id, email, displayName, description, createdAt } = group;
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("groups")
    .values({ id, email, display_name: displayName, description, created_at: createdAt, deleted_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function updateGroup(
  write: Writer,
  id: string,
  { displayName, description }: Pick<GroupRow, "displayName" | "description">,
): Promise<void> {
  await write.updateTable("groups").set({ display_name: displayName, description }).where("id", "=", id).execute();
}

/** Frees the e-mail, and takes the group out of every other. */
export async function markGroupDeleted(write: Writer, id: string, now: number): Promise<void> {
  await write.updateTable("groups").set({ deleted_at: now }).where("id", "=", id).execute();
  await write.deleteFrom("group_members").where("group_id", "=", id).execute();
  await write.deleteFrom("group_members").where("member", "=", `group:${id}`).execute();
}

/** Adds a member; false when it is one. */
export async function insertGroupMember(write: Writer, groupId: string, member: MemberKey, now: number) {
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("group_members")
    .values({ group_id: groupId, member, added_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Removes a member; false when it was none. */
export async function deleteGroupMember(write: Writer, groupId: string, member: MemberKey): Promise<boolean> {
  const { numDeletedRows } = await write
    .deleteFrom("group_members")
    .where("group_id", "=", groupId)
    .where("member", "=", member)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** One of a group's own members. */
export async function findGroupMember(
  read: Reader,
  groupId: string,
  member: MemberKey,
): Promise<GroupMemberRow | undefined> {
  return await read
    .selectFrom("group_members")
    .select(["member", "added_at as addedAt"])
    .where("group_id", "=", groupId)
    .where("member", "=", member)
    .executeTakeFirst();
}

/** A group's own members in the order of their keys, those after `after` only. */
export async function listGroupMembers(
  read: Reader,
  groupId: string,
  after: string,
  limit: number,
): Promise<GroupMemberRow[]> {
  return await read
    .selectFrom("group_members")
    .select(["member", "added_at as addedAt"])
    .where("group_id", "=", groupId)
    .where("member", ">", after as MemberKey)
    .orderBy("member")
    .limit(limit)
    .execute();
}

/** The groups that these members are in, without those that they are in by another group. */
export async function listGroupsOf(read: Reader, members: readonly MemberKey[]): Promise<string[]> {
  const rows = await read
    .selectFrom("group_members")
    .select("group_id as id")
    .distinct()
    .where("member", "in", members)
    .execute();
  return rows.map(({ id }) => id);
}

/** The groups that are members of these groups. */
export async function listGroupsIn(read: Reader, groupIds: readonly string[]): Promise<string[]> {
  const rows = await read
    .selectFrom("group_members")
    .select("member")
    .distinct()
    .where("group_id", "in", groupIds)
    .where("member", "like", "group:%")
    .execute();
  return rows.map(({ member }) => member.slice("group:".length));
}
