import { Database, type SQLQueryBindings } from "bun:sqlite";
import pg from "pg";
import { Turns } from "../turns.ts";

/** A row as the database gives it: numbers, texts, bytes, nulls. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement with `?` for its parameters. */
export type Run = (statement: string, parameters?: readonly unknown[]) => Promise<Row[]>;

/** A database as tables of rows, whatever they mean: what a move copies. */
export interface Tables {
  readonly dialect: "sqlite" | "postgres";
  readonly run: Run;
  /** Runs `work` in one transaction, one after the other. What it answers is on disk when this resolves. */
  change<Result>(work: (run: Run) => Promise<Result>): Promise<Result>;
  /** Whoever holds a database for a move holds it alone: false where somebody else does. Until it is closed. */
  hold(): Promise<boolean>;
  close(): Promise<void>;
}

const busyMilliseconds = 10_000;

/**
 * Opens an embedded database that exists, beside whoever serves from it.
 *
 * @param foreignKeys off where rows come in no order; whoever turns them off checks them in the end
 */
export function openSqliteTables(file: string, { foreignKeys }: { readonly foreignKeys: boolean }): Tables {
  const database = new Database(file, { readwrite: true, create: false });
  const settings = [
    `busy_timeout=${busyMilliseconds}`,
    "synchronous=full",
    `foreign_keys=${foreignKeys ? "on" : "off"}`,
  ];
  for (const setting of settings) database.run(`pragma ${setting}`);
  const turns = new Turns();
  const run: Run = async (statement, parameters = []) =>
    database.query(statement).all(...(parameters as SQLQueryBindings[])) as Row[];
  return {
    dialect: "sqlite",
    run,
    async change(work) {
      await turns.take();
      try {
        database.run("begin immediate");
        const result = await work(run);
        database.run("commit");
        return result;
      } catch (error) {
        if (database.inTransaction) database.run("rollback");
        throw error;
      } finally {
        turns.give();
      }
    },
    // The data folder's own lock does that.
    hold: async () => true,
    async close() {
      database.run("pragma optimize");
      database.close();
    },
  };
}

const connectionsMax = 4;
const int8 = 20;
/** Any number that nobody else uses for a lock of this database: the letters of "waybill". */
const lockNumber = 0x77617962;

/** @param url `postgres://USER@HOST:PORT/DATABASE` */
export async function openPostgresTables(url: string): Promise<Tables> {
  const types = { getTypeParser: ((id: number) => (id === int8 ? Number : pg.types.getTypeParser(id))) as never };
  const pool = new pg.Pool({ connectionString: url, max: connectionsMax, types });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const ask = async (on: pg.Pool | pg.PoolClient, statement: string, parameters: readonly unknown[] = []) => {
    let position = 0;
    return (
      await on.query(
        statement.replace(/\?/g, () => `$${++position}`),
        [...parameters],
      )
    ).rows as Row[];
  };
  const turns = new Turns();
  let holder: pg.PoolClient | undefined;
  await pool.query("select 1").catch(async (error) => {
    await pool.end();
    throw error;
  });
  return {
    dialect: "postgres",
    run: (...statement) => ask(pool, ...statement),
    async change(work) {
      await turns.take();
      const client = await pool.connect().catch((error) => {
        turns.give();
        throw error;
      });
      try {
        await client.query("begin");
        const result = await work((...statement) => ask(client, ...statement));
        await client.query("commit");
        return result;
      } catch (error) {
        await client.query("rollback").catch(() => {});
        throw error;
      } finally {
        client.release();
        turns.give();
      }
    },
    async hold() {
      holder ??= await pool.connect();
      const [row] = await ask(holder, "select pg_try_advisory_lock(?) as held", [lockNumber]);
      return row?.held === true;
    },
    async close() {
      holder?.release(true);
      await pool.end();
    },
  };
}
