import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** People: how they sign in, where they are signed in, and what acts for them. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const { schema } = db;

  // A user whom only a policy names has not joined.
  await schema.alterTable("users").addColumn("joined_at", "bigint").execute();

  await schema
    .createTable("passwords")
    .addColumn("user_id", text, (c) => c.primaryKey().references("users.id"))
    .addColumn("hash", text, (c) => c.notNull())
    .addColumn("set_at", "bigint", (c) => c.notNull())
    .execute();

  await schema
    .createTable("passkeys")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("user_id", text, (c) => c.notNull().references("users.id"))
    .addColumn("public_key", text, (c) => c.notNull())
    .addColumn("counter", "bigint", (c) => c.notNull())
    .addColumn("transports", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("used_at", "bigint")
    .execute();
  await schema.createIndex("passkeys_user").on("passkeys").column("user_id").execute();

  await schema
    .createTable("outside_identities")
    .addColumn("issuer", text, (c) => c.notNull())
    .addColumn("subject", text, (c) => c.notNull())
    .addColumn("user_id", text, (c) => c.notNull().references("users.id"))
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("outside_identities_key", ["issuer", "subject"])
    .execute();
  await schema.createIndex("outside_identities_user").on("outside_identities").column("user_id").execute();

  await schema
    .createTable("sessions")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("cookie_hash", text, (c) => c.notNull().unique())
    .addColumn("user_id", text, (c) => c.notNull().references("users.id"))
    .addColumn("how", text, (c) => c.notNull())
    .addColumn("address", text, (c) => c.notNull())
    .addColumn("agent", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("used_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("ended_at", "bigint")
    .execute();
  await schema.createIndex("sessions_user").on("sessions").columns(["user_id", "created_at"]).execute();
  await schema.createIndex("sessions_expiry").on("sessions").column("expires_at").execute();

  await schema
    .createTable("one_time_codes")
    .addColumn("code_hash", text, (c) => c.primaryKey())
    .addColumn("purpose", text, (c) => c.notNull())
    .addColumn("subject", text, (c) => c.notNull())
    .addColumn("body", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("spent_at", "bigint")
    .execute();
  await schema.createIndex("one_time_codes_subject").on("one_time_codes").columns(["subject", "purpose"]).execute();
  await schema.createIndex("one_time_codes_expiry").on("one_time_codes").column("expires_at").execute();

  await schema
    .createTable("logins")
    .addColumn("id", text, (c) => c.primaryKey())
    .addColumn("kind", text, (c) => c.notNull())
    .addColumn("principal", text, (c) => c.notNull())
    .addColumn("key_id", text, (c) => c.notNull())
    .addColumn("client_id", text, (c) => c.notNull())
    .addColumn("scopes", text, (c) => c.notNull())
    .addColumn("address", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("used_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("ended_at", "bigint")
    .execute();
  await schema.createIndex("logins_principal").on("logins").columns(["principal", "created_at"]).execute();
  await schema.createIndex("logins_key").on("logins").columns(["key_id", "used_at"]).execute();
  await schema.createIndex("logins_expiry").on("logins").column("expires_at").execute();

  await schema
    .createTable("refresh_tokens")
    .addColumn("token_hash", text, (c) => c.primaryKey())
    .addColumn("login_id", text, (c) => c.notNull().references("logins.id"))
    .addColumn("follows", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("spent_at", "bigint")
    .execute();
  await schema.createIndex("refresh_tokens_login").on("refresh_tokens").columns(["login_id", "created_at"]).execute();

  await schema
    .createTable("device_codes")
    .addColumn("code_hash", text, (c) => c.primaryKey())
    .addColumn("user_code_hash", text, (c) => c.notNull().unique())
    .addColumn("client_id", text, (c) => c.notNull())
    .addColumn("scopes", text, (c) => c.notNull())
    .addColumn("address", text, (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("interval_seconds", "bigint", (c) => c.notNull())
    .addColumn("polled_at", "bigint", (c) => c.notNull())
    .addColumn("user_id", text, (c) => c.notNull())
    .addColumn("denied_at", "bigint")
    .addColumn("login_id", text, (c) => c.notNull())
    .execute();
  await schema.createIndex("device_codes_expiry").on("device_codes").column("expires_at").execute();
}
