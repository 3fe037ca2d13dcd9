import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";
import { NoWayBackError } from "../no-way-back.ts";

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

export const lost = "how far a move that has ended was";

/** A move that is under way would be forgotten: an installation that has gone elsewhere would serve again. */
export async function down(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql`select 1 from moves where side = 'source' or state like ${'%"copying"%'}`.execute(db);
  if (rows.length > 0) {
    throw new NoWayBackError(
      "an installation moves from this database or to it, which the version before does not know",
      "let waybill migrate installation end, or give it up with --give-up",
    );
  }
  await db.schema.dropTable("move_changes").execute();
  await db.schema.dropTable("moves").execute();
}
