import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** Where a move of the installation to other storage keeps how far it is; see ../moving-tables.ts. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  await db.schema
    .createTable("moves")
    .addColumn("side", text, (c) => c.primaryKey())
    .addColumn("state", text, (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("move_changes")
    .addColumn("id", dialect === "postgres" ? "bigserial" : "integer", (c) => c.primaryKey())
    .addColumn("table_name", text, (c) => c.notNull())
    .addColumn("row_key", text, (c) => c.notNull())
    .execute();
}
