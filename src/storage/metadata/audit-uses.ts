import type { Reader, Writer } from "./schema.ts";

export interface AuditUse {
  readonly day: number;
  readonly principal: string;
  readonly permission: string;
  readonly resource: string;
  readonly resourceKeys: string;
  readonly projectId: string;
  readonly identity: string;
  readonly count: number;
}

/** Adds to what was counted. */
export async function addAuditUses(write: Writer, uses: readonly AuditUse[]): Promise<void> {
  for (const { day, principal, permission, resource, resourceKeys, projectId, identity, count } of uses) {
    await write
      .insertInto("audit_uses")
      .values({
        day,
        principal,
        permission,
        resource,
        resource_keys: resourceKeys,
        project_id: projectId,
        identity,
        count,
      })
      .onConflict((conflict) =>
        conflict
          .columns(["project_id", "day", "principal", "permission", "resource_keys"])
          .doUpdateSet((row) => ({ count: row("audit_uses.count", "+", count), resource, identity })),
      )
      .execute();
  }
}

/** What was used in a project since a day. */
export async function listAuditUses(read: Reader, projectId: string, sinceDay: number, limit: number) {
  return await read
    .selectFrom("audit_uses")
    .select(["principal", "permission", "resource", "resource_keys as resourceKeys", "identity"])
    .select((row) => row.fn.sum<number>("count").as("count"))
    .select((row) => row.fn.max<number>("day").as("lastDay"))
    .where("project_id", "=", projectId)
    .where("day", ">=", sinceDay)
    .groupBy(["principal", "permission", "resource", "resource_keys", "identity"])
    .orderBy("principal")
    .orderBy("permission")
    .orderBy("resource")
    .limit(limit)
    .execute();
}

/** Notes that a principal pulled a manifest; true when the log does not know of an earlier pull. */
export async function noteAuditPull(
  write: Writer,
  pull: { principal: string; repositoryId: string; digest: string; at: number },
): Promise<boolean> {
  const { principal, repositoryId, digest, at } = pull;
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("audit_pulls")
    .values({ principal, repository_id: repositoryId, digest, at })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Forgets uses and first pulls that nobody asks for any more. */
export async function deleteOldAuditCounts(write: Writer, beforeDay: number, before: number): Promise<void> {
  await write.deleteFrom("audit_uses").where("day", "<", beforeDay).execute();
  await write.deleteFrom("audit_pulls").where("at", "<", before).execute();
}
