import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** Events that wait for their receivers. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const clustered: RawBuilder<unknown> = dialect === "postgres" ? sql`` : sql`without rowid`;
  await db.schema
    .createTable("webhook_deliveries")
    .addColumn("event_id", text, (c) => c.notNull())
    .addColumn("receiver", text, (c) => c.notNull())
    .addColumn("event", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("next_at", "bigint", (c) => c.notNull())
    .addColumn("attempts", "integer", (c) => c.notNull())
    .addColumn("last_error", text, (c) => c.notNull())
    .addColumn("dead_at", "bigint")
    .addPrimaryKeyConstraint("webhook_deliveries_key", ["event_id", "receiver"])
    .modifyEnd(clustered)
    .execute();
  await db.schema
    .createIndex("webhook_deliveries_next")
    .on("webhook_deliveries")
    .columns(["dead_at", "next_at"])
    .execute();
}

export const lost = "events that wait for their receivers, and those that were given up";

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable("webhook_deliveries").execute();
}
