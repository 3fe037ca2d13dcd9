import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** Rules of projects and repositories, what projects may use, and what they use. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const clustered: RawBuilder<unknown> = dialect === "postgres" ? sql`` : sql`without rowid`;
  const { schema } = db;

  await schema
    .createTable("rules")
    .addColumn("project_id", text, (c) => c.notNull().references("projects.id"))
    .addColumn("repository_id", text, (c) => c.notNull())
    .addColumn("etag", text, (c) => c.notNull())
    .addColumn("body", text, (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("rules_key", ["project_id", "repository_id"])
    .execute();
  await schema.createIndex("rules_repository").on("rules").column("repository_id").execute();

  await schema
    .createTable("project_limits")
    .addColumn("project_id", text, (c) => c.primaryKey().references("projects.id"))
    .addColumn("used_bytes", "bigint", (c) => c.notNull().defaultTo(0))
    .addColumn("bytes_max", "bigint")
    .addColumn("read_only_at", "bigint")
    .execute();

  await schema
    .createTable("project_blobs")
    .addColumn("project_id", text, (c) => c.notNull().references("projects.id"))
    .addColumn("digest", text, (c) => c.notNull())
    .addColumn("links", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("project_blobs_key", ["project_id", "digest"])
    .modifyEnd(clustered)
    .execute();

  // Cleanup reads a repository from its newest image to its oldest.
  await schema
    .createIndex("manifests_age")
    .on("manifests")
    .columns(["repository_id", "created_at", "digest"])
    .execute();
  await schema.createIndex("repositories_project").on("repositories").columns(["project_id", "id"]).execute();
  await countEverything(db);
}

/** What lies here from before. */
export async function countEverything(db: Kysely<unknown>): Promise<void> {
  await sql`insert into project_blobs (project_id, digest, links)
            select repositories.project_id, blob_links.digest, count(*)
            from blob_links join repositories on repositories.id = blob_links.repository_id
            group by repositories.project_id, blob_links.digest`.execute(db);
  await sql`insert into project_limits (project_id, used_bytes)
            select project_id, sum(size) from (
              select project_blobs.project_id as project_id, blobs.size as size
              from project_blobs join blobs on blobs.digest = project_blobs.digest
              union all
              select repositories.project_id, manifests.size
              from manifests join repositories on repositories.id = manifests.repository_id
            ) as parts group by project_id`.execute(db);
}
