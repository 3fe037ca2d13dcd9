import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import type { OpenedSchema } from "./opened-schema.ts";
import { leaderLock } from "./postgres-pulse.ts";

/**
 * Opens a PostgreSQL database to look at its schema or to change it: nothing is migrated by opening it.
 *
 * @param url `postgres://USER@HOST:PORT/DATABASE`
 */
export async function openPostgresSchema(url: string): Promise<OpenedSchema> {
  // One connection that stays: it holds the lock, and is the one that is not somebody else's.
  const pool = new pg.Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0, connectionTimeoutMillis: 10_000 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const db = new Kysely<never>({ dialect: new PostgresDialect({ pool }) });
  await sql`select 1`.execute(db).catch(async (error) => {
    await pool.end();
    throw error;
  });
  return {
    dialect: "postgres",
    db,
    async whoElse() {
      const lock = await sql<{ held: boolean }>`select pg_try_advisory_lock(${sql.raw(leaderLock)}) as held`.execute(
        db,
      );
      if (!lock.rows[0]?.held) return "waybill";
      const { rows } = await sql`select 1 from pg_stat_activity where datname = current_database()
        and backend_type = 'client backend' and pid <> pg_backend_pid()`.execute(db);
      return rows.length > 0 ? "sessions" : undefined;
    },
    async close() {
      // The server sees the end of a session a moment later, and the next command may be quicker than that.
      await sql`select pg_advisory_unlock_all()`.execute(db).catch(() => {});
      await db.destroy();
    },
  };
}
