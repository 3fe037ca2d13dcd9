import { Database, type SQLQueryBindings } from "bun:sqlite";
import { openSync } from "node:fs";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { GroupSync } from "./group-sync.ts";
import { HotReads } from "./hot-reads.ts";
import type { Metadata } from "./metadata.ts";
import { migrate } from "./migrate.ts";
import type { Schema, Writer } from "./schema.ts";

/**
 * Opens the embedded database, bringing its schema up to date.
 *
 * Statements run on the event loop, a few microseconds each; only the sync that makes a commit durable leaves it.
 * SQLite itself is told not to sync at commit (`synchronous=normal` in WAL mode keeps the file consistent whatever
 * happens); `write` answers after a sync of the write-ahead log that began after its commit (docs/decisions/0002).
 *
 * @param file the database's path; its folder must exist.
 */
export async function openSqlite(file: string): Promise<Metadata> {
  const writing = connect(file);
  const reading = connect(file);
  const writer = new Kysely<Schema>({ dialect: new SqliteDialect(writing, new Turns()) });
  await migrate(writer as unknown as Kysely<never>, { dialect: "sqlite" });
  // A folder that was just made has no log yet; the migrator's own tables have made one by now.
  const log = new GroupSync(openSync(`${file}-wal`, "r+"));
  await log.sync();
  return {
    dialect: "sqlite",
    read: new Kysely<Schema>({ dialect: new SqliteDialect(reading, undefined) }),
    hot: new HotReads((sql) => {
      const statement = reading.prepare(sql);
      return async (...parameters) => statement.all(...(parameters as SQLQueryBindings[])) as never;
    }),
    async write<T>(change: (write: Writer) => Promise<T>): Promise<T> {
      const result = await writer.transaction().execute(change);
      await log.sync();
      return result;
    },
    async close() {
      await log.close();
      reading.close();
      writing.close();
    },
  };
}

function connect(file: string): Database {
  const database = new Database(file, { create: true, strict: true });
  for (const pragma of ["journal_mode=wal", "synchronous=normal", "foreign_keys=on", "busy_timeout=5000"]) {
    database.run(`pragma ${pragma}`);
  }
  return database;
}

/** Kysely over one connection of bun:sqlite. */
class SqliteDialect implements Dialect {
  readonly #database: Database;
  readonly #turns: Turns | undefined;

  constructor(database: Database, turns: Turns | undefined) {
    this.#database = database;
    this.#turns = turns;
  }

  createDriver(): Driver {
    return new SqliteDriver(this.#database, this.#turns);
  }
  createQueryCompiler() {
    return new SqliteQueryCompiler();
  }
  createAdapter() {
    return new SqliteAdapter();
  }
  createIntrospector(db: Kysely<unknown>) {
    return new SqliteIntrospector(db);
  }
}

/** Hands out the one connection; with turns, to one holder at a time, so that no statement slips into another's transaction. */
class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #turns: Turns | undefined;

  constructor(database: Database, turns: Turns | undefined) {
    this.#connection = new SqliteConnection(database);
    this.#turns = turns;
  }

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#turns?.take();
    return this.#connection;
  }
  async releaseConnection(): Promise<void> {
    this.#turns?.give();
  }
  async beginTransaction(): Promise<void> {
    this.#connection.run("begin immediate");
  }
  async commitTransaction(): Promise<void> {
    this.#connection.run("commit");
  }
  async rollbackTransaction(): Promise<void> {
    this.#connection.run("rollback");
  }
  async destroy(): Promise<void> {}
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  run(sql: string): void {
    this.#database.run(sql);
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.#database.query(sql);
    const bindings = parameters as SQLQueryBindings[];
    if (statement.columnNames.length > 0) return { rows: statement.all(...bindings) as R[] };
    const { changes, lastInsertRowid } = statement.run(...bindings);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  // biome-ignore lint/correctness/useYield: SQLite answers at once; nothing here streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("SQLite queries do not stream");
  }
}

/** First come, first served. */
class Turns {
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  async take(): Promise<void> {
    if (this.#taken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#taken = true;
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken = false;
  }
}
