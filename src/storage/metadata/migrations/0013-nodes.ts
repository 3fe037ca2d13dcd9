import type { Kysely } from "kysely";

/** Which request is writing an upload, of whichever node, and that it still does. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("uploads")
    .addColumn("turn", "text", (c) => c.notNull().defaultTo(""))
    .execute();
  await db.schema
    .alterTable("uploads")
    .addColumn("beat", "integer", (c) => c.notNull().defaultTo(0))
    .execute();
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("uploads").dropColumn("beat").execute();
  await db.schema.alterTable("uploads").dropColumn("turn").execute();
}
