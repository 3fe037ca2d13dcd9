import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";
import { NoWayBackError } from "../no-way-back.ts";

/** Accounts that only certain workloads may use. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  await db.schema
    .alterTable("service_accounts")
    .addColumn("workloads", text, (c) => c.notNull().defaultTo(""))
    .execute();
}

/** Without the column anybody who has such an account's key could use it from anywhere. */
export async function down(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ email: string }>`select email from service_accounts
    where workloads <> '' and deleted_at is null order by email limit 1`.execute(db);
  if (rows[0]) {
    throw new NoWayBackError(
      `${rows[0].email} is bound to workloads, and the version before would let it be used from anywhere`,
      `waybill iam service-accounts bind-workloads ${rows[0].email} --clear, then try again`,
    );
  }
  await db.schema.alterTable("service_accounts").dropColumn("workloads").execute();
}
