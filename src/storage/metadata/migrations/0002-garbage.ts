import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** What garbage collection and the scrub need to look only at what changed. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const clustered: RawBuilder<unknown> = dialect === "postgres" ? sql`` : sql`without rowid`;
  const { schema } = db;

  await schema
    .createTable("reviews")
    .addColumn("kind", text, (c) => c.notNull())
    .addColumn("repository_id", text, (c) => c.notNull())
    .addColumn("digest", text, (c) => c.notNull())
    .addColumn("since", "bigint", (c) => c.notNull())
    .addColumn("leased_until", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("reviews_key", ["kind", "repository_id", "digest"])
    .modifyEnd(clustered)
    .execute();
  await schema.createIndex("reviews_due").on("reviews").columns(["kind", "since", "repository_id", "digest"]).execute();

  await schema
    .createTable("removed_objects")
    .addColumn("key", text, (c) => c.primaryKey())
    .addColumn("size", "bigint", (c) => c.notNull())
    .addColumn("since", "bigint", (c) => c.notNull())
    .addColumn("leased_until", "bigint", (c) => c.notNull())
    .execute();
  await schema.createIndex("removed_objects_due").on("removed_objects").columns(["since", "key"]).execute();

  await schema.alterTable("blob_links").addColumn("hidden_at", "bigint").execute();
  await sql`create index blobs_verified on blobs (verified_at, digest) where quarantined_at is null`.execute(db);
  await sql`create index blobs_quarantined on blobs (digest) where quarantined_at is not null`.execute(db);
  await reviewEverything(db);
}

/** What lies here from before is looked at once, as if it had changed when it was made. */
async function reviewEverything(db: Kysely<unknown>): Promise<void> {
  await sql`insert into reviews (kind, repository_id, digest, since, leased_until)
            select 'blob', repository_id, digest, created_at, 0 from blob_links`.execute(db);
}
