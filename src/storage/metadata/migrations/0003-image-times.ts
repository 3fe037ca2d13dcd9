import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/**
 * When images were made. A table of its own: a new column would lie behind the manifest's bytes, which SQLite then walks
 * through to reach it, 4 MiB of them at worst.
 */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const clustered: RawBuilder<unknown> = dialect === "postgres" ? sql`` : sql`without rowid`;
  await db.schema
    .createTable("image_times")
    .addColumn("repository_id", text, (c) => c.notNull())
    .addColumn("digest", text, (c) => c.notNull())
    .addColumn("image_created_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("image_times_key", ["repository_id", "digest"])
    .addForeignKeyConstraint(
      "image_times_manifest",
      ["repository_id", "digest"],
      "manifests",
      ["repository_id", "digest"],
      (constraint) => constraint.onDelete("cascade"),
    )
    .modifyEnd(clustered)
    .execute();
}
