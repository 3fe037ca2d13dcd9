import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** Workload identity pools and providers, tokens that were revoked, and signing keys that take turns. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const { schema } = db;

  await schema
    .createTable("workload_identity_pools")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("project_id", text, (c) => c.notNull().references("projects.id"))
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("display_name", text, (c) => c.notNull())
    .addColumn("description", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("disabled_at", "bigint")
    .addColumn("deleted_at", "bigint")
    // Also of those that are deleted: bindings name a pool by its name, and a new one is not to inherit them.
    .addUniqueConstraint("workload_identity_pools_name", ["project_id", "name"])
    .execute();

  await schema
    .createTable("workload_identity_providers")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("pool_id", text, (c) => c.notNull().references("workload_identity_pools.id"))
    .addColumn("name", text, (c) => c.notNull())
    .addColumn("display_name", text, (c) => c.notNull())
    .addColumn("description", text, (c) => c.notNull())
    .addColumn("settings", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("disabled_at", "bigint")
    .addColumn("deleted_at", "bigint")
    .addUniqueConstraint("workload_identity_providers_name", ["pool_id", "name"])
    .execute();

  await schema
    .createTable("revoked_tokens")
    .addColumn("jti", text, (c) => c.primaryKey())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .execute();
  await schema.createIndex("revoked_tokens_expiry").on("revoked_tokens").column("expires_at").execute();

  await schema
    .createTable("seen_places")
    .addColumn("principal", text, (c) => c.notNull())
    .addColumn("credential", text, (c) => c.notNull())
    .addColumn("network", text, (c) => c.notNull())
    .addColumn("first_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("seen_places_key", ["principal", "credential", "network"])
    .execute();
  await schema.createIndex("seen_places_age").on("seen_places").column("first_at").execute();

  await schema
    .createTable("account_signing_keys")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("service_account_id", text, (c) => c.notNull().references("service_accounts.id"))
    .addColumn("private_key", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await schema
    .createIndex("account_signing_keys_account")
    .on("account_signing_keys")
    .columns(["service_account_id", "created_at"])
    .execute();

  // A key waits until its turn comes (`signs_from` null), signs, and then only verifies (`superseded_at`).
  await schema.alterTable("signing_keys").addColumn("signs_from", "bigint").execute();
  await schema.alterTable("signing_keys").addColumn("superseded_at", "bigint").execute();
  await sql`update signing_keys set signs_from = created_at`.execute(db);
}
