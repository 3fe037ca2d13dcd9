import type { Reader, Writer } from "./schema.ts";

export interface StorageSample {
  /** Days since 1970, UTC. */
  readonly day: number;
  readonly usedBytes: number;
}

/** Notes for today what every project uses; a later look on the same day takes the place of an earlier one. */
export async function sampleStorage(write: Writer, day: number): Promise<void> {
  await write
    .insertInto("storage_samples")
    .columns(["project_id", "day", "used_bytes"])
    .expression((from) =>
      from
        .selectFrom("project_limits as l")
        .innerJoin("projects as p", "p.id", "l.project_id")
        .select((row) => ["l.project_id", row.val(day).as("day"), "l.used_bytes"])
        .where("p.deleted_at", "is", null),
    )
    .onConflict((conflict) =>
      conflict.columns(["project_id", "day"]).doUpdateSet((row) => ({ used_bytes: row.ref("excluded.used_bytes") })),
    )
    .execute();
}

/** Forgets what lies before a day. */
export async function forgetStorageSamples(write: Writer, before: number): Promise<void> {
  await write.deleteFrom("storage_samples").where("day", "<", before).execute();
}

/** A project's samples from a day on, oldest first. */
export async function listStorageSamples(read: Reader, projectId: string, from: number): Promise<StorageSample[]> {
  return await read
    .selectFrom("storage_samples")
    .select(["day", "used_bytes as usedBytes"])
    .where("project_id", "=", projectId)
    .where("day", ">=", from)
    .orderBy("day")
    .execute();
}
