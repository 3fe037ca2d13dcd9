import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** Projects that are caches of other registries, what is imported into them, and how callers log in. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const { schema } = db;
  await schema
    .createTable("upstreams")
    .addColumn("project_id", text, (c) => c.primaryKey().references("projects.id"))
    .addColumn("host", text, (c) => c.notNull())
    .addColumn("prefix", text, (c) => c.notNull())
    .addColumn("credentials", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();

  await schema
    .createTable("imports")
    .addColumn("project_id", text, (c) => c.primaryKey().references("projects.id"))
    .addColumn("location", text, (c) => c.notNull())
    .addColumn("state", text, (c) => c.notNull())
    .addColumn("message", text, (c) => c.notNull())
    .addColumn("started_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .execute();

  await schema
    .createTable("import_items")
    .addColumn("project_id", text, (c) => c.notNull().references("projects.id"))
    .addColumn("repository", text, (c) => c.notNull())
    .addColumn("tag", text, (c) => c.notNull())
    .addColumn("state", text, (c) => c.notNull())
    .addColumn("tries", "bigint", (c) => c.notNull())
    .addColumn("message", text, (c) => c.notNull())
    .addPrimaryKeyConstraint("import_items_key", ["project_id", "repository", "tag"])
    .execute();
  await schema
    .createIndex("import_items_state")
    .on("import_items")
    .columns(["project_id", "state", "repository", "tag"])
    .execute();

  await schema
    .createTable("credential_uses")
    .addColumn("account_id", text, (c) => c.notNull())
    .addColumn("key_id", text, (c) => c.notNull())
    .addColumn("way", text, (c) => c.notNull())
    .addColumn("last_used_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("credential_uses_key", ["account_id", "key_id", "way"])
    .execute();
}
