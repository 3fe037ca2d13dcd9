import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** Groups, roles of projects, deny rules and constraints. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const clustered: RawBuilder<unknown> = dialect === "postgres" ? sql`` : sql`without rowid`;
  const { schema } = db;
  await schema
    .createTable("groups")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("email", text, (c) => c.notNull())
    .addColumn("display_name", text, (c) => c.notNull())
    .addColumn("description", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("deleted_at", "bigint")
    .execute();
  await sql`create unique index groups_email on ${sql.table("groups")} (email) where deleted_at is null`.execute(db);

  await schema
    .createTable("group_members")
    .addColumn("group_id", text, (c) => c.notNull().references("groups.id"))
    .addColumn("member", text, (c) => c.notNull())
    .addColumn("added_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("group_members_key", ["group_id", "member"])
    .modifyEnd(clustered)
    .execute();
  await schema.createIndex("group_members_member").on("group_members").columns(["member", "group_id"]).execute();

  await schema
    .createTable("custom_roles")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("project_id", text, (c) => c.notNull().references("projects.id"))
    .addColumn("title", text, (c) => c.notNull())
    .addColumn("description", text, (c) => c.notNull())
    .addColumn("stage", text, (c) => c.notNull())
    .addColumn("permissions", text, (c) => c.notNull())
    .addColumn("etag", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("deleted_at", "bigint")
    .execute();
  await schema.createIndex("custom_roles_project").on("custom_roles").columns(["project_id", "id"]).execute();

  await schema
    .createTable("deny_policies")
    .addColumn("resource", text, (c) => c.notNull())
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("display_name", text, (c) => c.notNull())
    .addColumn("rules", text, (c) => c.notNull())
    .addColumn("etag", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("deny_policies_key", ["resource", "name"])
    .execute();

  await schema
    .createTable("constraints")
    .addColumn("resource", text, (c) => c.notNull())
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("value", text, (c) => c.notNull())
    .addColumn("etag", text, (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("constraints_key", ["resource", "name"])
    .execute();
}
