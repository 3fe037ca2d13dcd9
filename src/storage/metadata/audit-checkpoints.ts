import type { Reader, Writer } from "./schema.ts";

export interface AuditCheckpointRow {
  readonly node: string;
  readonly segment: number;
  readonly sequence: number;
  readonly at: number;
  readonly statement: string;
  readonly keyId: string;
  readonly signature: string;
}

const checkpointColumns = ["node", "segment", "sequence", "at", "statement", "key_id as keyId", "signature"] as const;

export async function insertAuditCheckpoint(write: Writer, row: AuditCheckpointRow): Promise<void> {
  const { keyId, ...rest } = row;
  await write
    .insertInto("audit_checkpoints")
    .values({ ...rest, key_id: keyId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The newest checkpoint of whichever node. */
export async function lastAuditCheckpoint(read: Reader): Promise<AuditCheckpointRow | undefined> {
  return await read
    .selectFrom("audit_checkpoints")
    .select(checkpointColumns)
    .orderBy("at", "desc")
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** The public side of whatever signed checkpoints, retired or not, is in these rows. */
export async function listAuditKeys(read: Reader): Promise<{ id: string; privateKey: string }[]> {
  return await read
    .selectFrom("signing_keys")
    .select(["id", "private_key as privateKey"])
    .where("use", "=", "audit")
    .execute();
}

export async function listAuditCheckpoints(read: Reader, node: string, segment: number): Promise<AuditCheckpointRow[]> {
  return await read
    .selectFrom("audit_checkpoints")
    .select(checkpointColumns)
    .where("node", "=", node)
    .where("segment", "=", segment)
    .orderBy("sequence")
    .execute();
}
