import { Kysely, PostgresDialect, sql } from "kysely";
import { emptyLists } from "./empty-lists.ts";
import { HotReads } from "./hot-reads.ts";
import { InFlight } from "./in-flight.ts";
import type { Metadata } from "./metadata.ts";
import { migrate } from "./migrate.ts";
import { PostgresConnections } from "./postgres-connections.ts";
import type { Schema, Writer } from "./schema.ts";
import { Turns } from "./turns.ts";

/**
 * Opens a PostgreSQL database, bringing its schema up to date. Commits are durable as the server is configured. It may be a
 * pooler's address only where that keeps sessions (PgBouncer: `pool_mode = session`).
 *
 * @param url `postgres://USER@HOST:PORT/DATABASE`
 */
export async function openPostgres(url: string): Promise<Metadata> {
  const connections = await PostgresConnections.open(url);
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: connections }), plugins: [emptyLists()] });
  try {
    await migrate(db as unknown as Kysely<never>, { dialect: "postgres" });
  } catch (error) {
    await db.destroy();
    await connections.end().catch(() => {});
    throw error;
  }
  const inFlight = new InFlight();
  const secondTries = new Turns();
  return {
    dialect: "postgres",
    isShared: true,
    isReachable: () => connections.isReachable,
    isLeader: () => connections.isLeader,
    read: db,
    // Other nodes write, too, and nobody tells.
    generation: { now: () => undefined },
    hot: new HotReads((statement) => {
      let position = 0;
      const text = statement.replace(/\?/g, () => `$${++position}`);
      const name = Bun.hash(text).toString(36);
      return async (...values) => (await connections.read({ name, text, values })) as never;
    }),
    write: (change) => inFlight.run(() => serializable(db, change, secondTries)),
    note: (change) =>
      inFlight.run(() =>
        serializable(
          db,
          async (write) => {
            await sql`set local synchronous_commit = off`.execute(write);
            return await change(write);
          },
          secondTries,
        ),
      ),
    async close() {
      await inFlight.close();
      await db.destroy();
    },
  };
}

/** Two transactions that got in each other's way: one is told to start again (PostgreSQL, 13.5). */
const tryAgain = new Set(["40001", "40P01"]);
/** Only other nodes can be in the way of a second try. */
const secondTriesMax = 20;
const pauseMaxMilliseconds = 20;

/**
 * Runs `change` in a serializable transaction, again and again while it gets in the way of others. Those who were
 * told to start again go one at a time: a hundred moves of one tag would otherwise fail each other over and over.
 */
async function serializable<T>(
  db: Kysely<Schema>,
  change: (write: Writer) => Promise<T>,
  secondTries: Turns,
): Promise<T> {
  const run = () => db.transaction().setIsolationLevel("serializable").execute(change);
  try {
    return await run();
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  await secondTries.take();
  try {
    for (let left = secondTriesMax; ; left--) {
      try {
        return await run();
      } catch (error) {
        if (left === 1 || !isConflict(error)) throw error;
      }
      await Bun.sleep(Math.random() * pauseMaxMilliseconds);
    }
  } finally {
    secondTries.give();
  }
}

function isConflict(error: unknown): boolean {
  return tryAgain.has((error as { code?: string }).code ?? "");
}
