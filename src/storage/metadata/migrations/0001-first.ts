import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** The whole first schema; ../schema.ts says what each table and column means. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  // Keyset pages compare names byte by byte on both databases.
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const bytes: RawBuilder<unknown> = dialect === "postgres" ? sql`bytea` : sql`blob`;
  const clustered: RawBuilder<unknown> = dialect === "postgres" ? sql`` : sql`without rowid`;
  const { schema } = db;

  await schema
    .createTable("installation")
    .addColumn("key", text, (c) => c.primaryKey())
    .addColumn("value", text, (c) => c.notNull())
    .execute();

  await schema
    .createTable("versions")
    .addColumn("name", text, (c) => c.primaryKey())
    .addColumn("value", "bigint", (c) => c.notNull())
    .execute();
  await sql`insert into versions (name, value) values ('policy', 1)`.execute(db);

  await schema
    .createTable("signing_keys")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("use", text, (c) => c.notNull())
    .addColumn("algorithm", text, (c) => c.notNull())
    .addColumn("private_key", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("retired_at", "bigint")
    .execute();

  await schema
    .createTable("projects")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("display_name", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("deleted_at", "bigint")
    .execute();
  await sql`create unique index projects_name on projects (name) where deleted_at is null`.execute(db);

  await schema
    .createTable("users")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("email", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("disabled_at", "bigint")
    .addColumn("deleted_at", "bigint")
    .execute();
  await sql`create unique index users_email on users (email) where deleted_at is null`.execute(db);

  await schema
    .createTable("service_accounts")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("project_id", text, (c) => c.notNull().references("projects.id"))
    .addColumn("email", text, (c) => c.notNull())
    .addColumn("display_name", text, (c) => c.notNull())
    .addColumn("description", text, (c) => c.notNull())
    .addColumn("etag", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("disabled_at", "bigint")
    .addColumn("deleted_at", "bigint")
    .execute();
  await sql`create unique index service_accounts_email on service_accounts (email) where deleted_at is null`.execute(
    db,
  );
  await schema
    .createIndex("service_accounts_project")
    .on("service_accounts")
    .columns(["project_id", "email"])
    .execute();

  await schema
    .createTable("service_account_keys")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("service_account_id", text, (c) => c.notNull().references("service_accounts.id"))
    .addColumn("origin", text, (c) => c.notNull())
    .addColumn("public_key", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint")
    .addColumn("disabled_at", "bigint")
    .addColumn("deleted_at", "bigint")
    .addColumn("exposed_at", "bigint")
    .execute();
  await schema
    .createIndex("service_account_keys_account")
    .on("service_account_keys")
    .columns(["service_account_id", "id"])
    .execute();

  await schema
    .createTable("spent_assertions")
    .addColumn("key_id", text, (c) => c.notNull())
    .addColumn("jti", text, (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("spent_assertions_key", ["key_id", "jti"])
    .modifyEnd(clustered)
    .execute();
  await schema.createIndex("spent_assertions_expiry").on("spent_assertions").column("expires_at").execute();

  await schema
    .createTable("policies")
    .addColumn("resource", text, (c) => c.primaryKey())
    .addColumn("etag", text, (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .execute();

  // The key's order is the decision's question: on this resource, for these members, which roles?
  await schema
    .createTable("bindings")
    .addColumn("resource", text, (c) => c.notNull())
    .addColumn("member", text, (c) => c.notNull())
    .addColumn("role", text, (c) => c.notNull())
    .addColumn("condition", text, (c) => c.notNull())
    .addPrimaryKeyConstraint("bindings_key", ["resource", "member", "role", "condition"])
    .modifyEnd(clustered)
    .execute();
  await schema.createIndex("bindings_member").on("bindings").column("member").execute();

  await schema
    .createTable("repositories")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("location", text, (c) => c.notNull())
    .addColumn("project_id", text, (c) => c.notNull().references("projects.id"))
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addUniqueConstraint("repositories_name", ["location", "project_id", "name"])
    .execute();

  await schema
    .createTable("objects")
    .addColumn("key", text, (c) => c.primaryKey())
    .addColumn("size", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();

  await schema
    .createTable("blobs")
    .addColumn("digest", text, (c) => c.primaryKey())
    .addColumn("object_key", text, (c) => c.notNull().unique().references("objects.key"))
    .addColumn("size", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("verified_at", "bigint", (c) => c.notNull())
    .addColumn("quarantined_at", "bigint")
    .execute();

  await schema
    .createTable("blob_links")
    .addColumn("repository_id", text, (c) => c.notNull().references("repositories.id"))
    .addColumn("digest", text, (c) => c.notNull().references("blobs.digest"))
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("blob_links_key", ["repository_id", "digest"])
    .modifyEnd(clustered)
    .execute();
  await schema.createIndex("blob_links_digest").on("blob_links").columns(["digest", "repository_id"]).execute();

  await schema
    .createTable("uploads")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("location", text, (c) => c.notNull())
    .addColumn("project_id", text, (c) => c.notNull().references("projects.id"))
    .addColumn("repository_name", text, (c) => c.notNull())
    .addColumn("principal", text, (c) => c.notNull())
    .addColumn("object_key", text, (c) => c.notNull().unique())
    .addColumn("size", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .execute();
  await schema.createIndex("uploads_expiry").on("uploads").columns(["expires_at", "id"]).execute();

  await schema
    .createTable("manifests")
    .addColumn("repository_id", text, (c) => c.notNull().references("repositories.id"))
    .addColumn("digest", text, (c) => c.notNull())
    .addColumn("media_type", text, (c) => c.notNull())
    .addColumn("artifact_type", text)
    .addColumn("subject_digest", text)
    .addColumn("size", "bigint", (c) => c.notNull())
    .addColumn("image_size", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("pushed_by", text, (c) => c.notNull())
    .addColumn("body", bytes, (c) => c.notNull())
    .addPrimaryKeyConstraint("manifests_key", ["repository_id", "digest"])
    .execute();
  await sql`create index manifests_subject on manifests (repository_id, subject_digest, digest)
            where subject_digest is not null`.execute(db);

  await schema
    .createTable("manifest_references")
    .addColumn("repository_id", text, (c) => c.notNull())
    .addColumn("manifest_digest", text, (c) => c.notNull())
    .addColumn("position", "integer", (c) => c.notNull())
    .addColumn("kind", text, (c) => c.notNull())
    .addColumn("digest", text, (c) => c.notNull())
    .addColumn("media_type", text, (c) => c.notNull())
    .addColumn("size", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("manifest_references_key", ["repository_id", "manifest_digest", "position"])
    .addForeignKeyConstraint(
      "manifest_references_manifest",
      ["repository_id", "manifest_digest"],
      "manifests",
      ["repository_id", "digest"],
      (constraint) => constraint.onDelete("cascade"),
    )
    .modifyEnd(clustered)
    .execute();
  await schema
    .createIndex("manifest_references_target")
    .on("manifest_references")
    .columns(["repository_id", "digest", "kind"])
    .execute();

  await schema
    .createTable("tags")
    .addColumn("repository_id", text, (c) => c.notNull().references("repositories.id"))
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("digest", text, (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("tags_key", ["repository_id", "name"])
    .addForeignKeyConstraint("tags_manifest", ["repository_id", "digest"], "manifests", ["repository_id", "digest"])
    .modifyEnd(clustered)
    .execute();
  await schema.createIndex("tags_digest").on("tags").columns(["repository_id", "digest", "name"]).execute();

  await schema
    .createTable("tag_history")
    .addColumn("id", dialect === "postgres" ? "bigserial" : "integer", (c) => c.primaryKey())
    .addColumn("repository_id", text, (c) => c.notNull())
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("from_digest", text)
    .addColumn("to_digest", text)
    .addColumn("changed_at", "bigint", (c) => c.notNull())
    .addColumn("changed_by", text, (c) => c.notNull())
    .execute();
  await schema.createIndex("tag_history_tag").on("tag_history").columns(["repository_id", "name", "id"]).execute();
}
