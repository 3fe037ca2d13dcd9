import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { HotReads } from "./hot-reads.ts";
import type { Metadata } from "./metadata.ts";
import { migrate } from "./migrate.ts";
import type { Schema, Writer } from "./schema.ts";

/** How many statements one node runs at a time. */
const connectionsMax = 16;
const int8 = 20;

/**
 * Opens a PostgreSQL database, bringing its schema up to date. Commits are durable as the server is configured.
 *
 * @param url `postgres://USER@HOST:PORT/DATABASE`
 */
export async function openPostgres(url: string): Promise<Metadata> {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    // Counts, sizes and times fit a double; as strings they would compare wrongly.
    types: { getTypeParser: ((id: number) => (id === int8 ? Number : pg.types.getTypeParser(id))) as never },
  });
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  await migrate(db as unknown as Kysely<never>, { dialect: "postgres" });
  return {
    dialect: "postgres",
    read: db,
    hot: new HotReads((sql) => {
      let position = 0;
      const text = sql.replace(/\?/g, () => `$${++position}`);
      const name = Bun.hash(text).toString(36);
      return async (...values) => (await pool.query({ name, text, values })).rows as never;
    }),
    write: (change) => serializable(db, change),
    close: () => db.destroy(),
  };
}

/** Two transactions that got in each other's way: one is told to start again (PostgreSQL, 13.5). */
const tryAgain = new Set(["40001", "40P01"]);
const attemptsMax = 10;

async function serializable<T>(db: Kysely<Schema>, change: (write: Writer) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().setIsolationLevel("serializable").execute(change);
    } catch (error) {
      if (attempt === attemptsMax || !tryAgain.has((error as { code?: string }).code ?? "")) throw error;
    }
  }
}
