import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** The audit log: its entries, what waits to become one, signed checkpoints, and what was used. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const serial = dialect === "postgres" ? "bigserial" : "integer";
  const { schema } = db;
  await schema
    .createTable("audit_entries")
    .addColumn("id", serial, (c) => c.primaryKey())
    .addColumn("node", text, (c) => c.notNull())
    .addColumn("segment", "bigint", (c) => c.notNull())
    .addColumn("sequence", "bigint", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("kind", text, (c) => c.notNull())
    .addColumn("project_id", text, (c) => c.notNull())
    .addColumn("principal", text, (c) => c.notNull())
    .addColumn("entry", text, (c) => c.notNull())
    .addColumn("hash", text, (c) => c.notNull())
    .execute();
  await schema
    .createIndex("audit_entries_chain")
    .unique()
    .on("audit_entries")
    .columns(["node", "segment", "sequence"])
    .execute();
  await schema.createIndex("audit_entries_project").on("audit_entries").columns(["project_id", "id"]).execute();

  await schema
    .createTable("audit_pending")
    .addColumn("id", serial, (c) => c.primaryKey())
    .addColumn("node", text, (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("event", text, (c) => c.notNull())
    .execute();

  await schema
    .createTable("audit_checkpoints")
    .addColumn("node", text, (c) => c.notNull())
    .addColumn("segment", "bigint", (c) => c.notNull())
    .addColumn("sequence", "bigint", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("statement", text, (c) => c.notNull())
    .addColumn("key_id", text, (c) => c.notNull())
    .addColumn("signature", text, (c) => c.notNull())
    .addPrimaryKeyConstraint("audit_checkpoints_key", ["node", "segment", "sequence"])
    .execute();
  await schema.createIndex("audit_checkpoints_at").on("audit_checkpoints").columns(["at"]).execute();

  await schema
    .createTable("audit_uses")
    .addColumn("day", "bigint", (c) => c.notNull())
    .addColumn("principal", text, (c) => c.notNull())
    .addColumn("permission", text, (c) => c.notNull())
    .addColumn("resource", text, (c) => c.notNull())
    .addColumn("resource_keys", text, (c) => c.notNull())
    .addColumn("project_id", text, (c) => c.notNull())
    .addColumn("identity", text, (c) => c.notNull())
    .addColumn("count", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("audit_uses_key", ["project_id", "day", "principal", "permission", "resource_keys"])
    .execute();

  await schema
    .createTable("audit_pulls")
    .addColumn("principal", text, (c) => c.notNull())
    .addColumn("repository_id", text, (c) => c.notNull())
    .addColumn("digest", text, (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("audit_pulls_key", ["principal", "repository_id", "digest"])
    .execute();
  await schema.createIndex("audit_pulls_at").on("audit_pulls").columns(["at"]).execute();
}
