import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** How much each project stored, day by day: a project's own row says only what it stores now. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const clustered: RawBuilder<unknown> = dialect === "postgres" ? sql`` : sql`without rowid`;
  await db.schema
    .createTable("storage_samples")
    .addColumn("project_id", text, (c) => c.notNull().references("projects.id"))
    .addColumn("day", "integer", (c) => c.notNull())
    .addColumn("used_bytes", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("storage_samples_key", ["project_id", "day"])
    .modifyEnd(clustered)
    .execute();
}

export const lost = "what each project stored, day by day";

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable("storage_samples").execute();
}
