import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";

/** Accounts that only certain workloads may use. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  await db.schema
    .alterTable("service_accounts")
    .addColumn("workloads", text, (c) => c.notNull().defaultTo(""))
    .execute();
}
