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
import { isDecisive, OwnGeneration } from "./generation.ts";
import { GroupSync } from "./group-sync.ts";
import { HotReads } from "./hot-reads.ts";
import { InFlight } from "./in-flight.ts";
import { KeptStatements } from "./kept-statements.ts";
import type { Metadata } from "./metadata.ts";
import { migrate } from "./migrate.ts";
import type { OpenedSchema } from "./opened-schema.ts";
import type { Reader, Schema, Writer } from "./schema.ts";
import { Turns } from "./turns.ts";

/**
 * Opens the embedded database, bringing its schema up to date.
 *
 * Statements run on the event loop, a few microseconds each; only the sync that makes a commit durable leaves it.
 * SQLite itself is told not to sync at commit (`synchronous=normal` in WAL mode keeps the file consistent whatever
 * happens); `write` answers after a sync of the write-ahead log that began after its commit (docs/decisions/0002).
 *
 * @param file the database's path; its folder must exist.
 * @param clock milliseconds
 */
export async function openSqlite(file: string, clock: () => number = Date.now): Promise<Metadata> {
  const writing = connect(file);
  const reading = connect(file);
  try {
    // Asked where this process writes, it changes with the commits of other processes only.
    const othersVersion = writing.prepare<{ data_version: number }, []>("pragma data_version");
    const generation = new OwnGeneration(() => othersVersion.get()?.data_version ?? Number.NaN, clock);
    const writer = new Kysely<Schema>({ dialect: new SqliteDialect(writing, new Turns(), () => generation.raise()) });
    await migrate(writer as unknown as Kysely<never>, { dialect: "sqlite" });
    const log = await openLog(file, writing);
    const inFlight = new InFlight();
    return {
      dialect: "sqlite",
      isShared: false,
      isReachable: () => true,
      isLeader: () => true,
      read: new Kysely<Schema>({ dialect: new SqliteDialect(reading, undefined) }),
      generation,
      hot: new HotReads((sql) => {
        const statement = reading.prepare(sql);
        return async (...parameters) => statement.all(...(parameters as SQLQueryBindings[])) as never;
      }),
      write<T>(change: (write: Writer) => Promise<T>): Promise<T> {
        return inFlight.run(async () => {
          const result = await writer.transaction().execute(change);
          await log.sync();
          return result;
        });
      },
      note: (change) => inFlight.run(() => writer.transaction().execute(change)),
      async close() {
        await inFlight.close();
        await log.close();
        reading.close();
        writing.close();
      },
    };
  } catch (error) {
    reading.close();
    writing.close();
    throw error;
  }
}

/** Opens an embedded database only to read it, beside whoever writes it. */
export function openSqliteReader(file: string): { readonly read: Reader; close(): void } {
  const database = new Database(file, { readonly: true, strict: true });
  database.run("pragma busy_timeout=5000");
  const read = new Kysely<Schema>({ dialect: new SqliteDialect(database, undefined) });
  return { read, close: () => database.close() };
}

/** Opens an embedded database to look at its schema or to change it: nothing is migrated by opening it. */
export function openSqliteSchema(file: string, { readonly }: { readonly readonly: boolean }): OpenedSchema {
  const database = readonly ? new Database(file, { readonly: true, strict: true }) : connect(file);
  return {
    dialect: "sqlite",
    db: new Kysely<never>({ dialect: new SqliteDialect(database, new Turns()) }),
    // The lock of the data folder says it.
    whoElse: async () => undefined,
    async close() {
      if (!readonly) database.run("pragma wal_checkpoint(truncate)");
      database.close();
    },
  };
}

/** Pages of the log between checkpoints: 16 MiB. Each syncs on the event loop, and a page that changed often is copied once. */
const checkpointPages = 4000;

function connect(file: string): Database {
  const database = new Database(file, { create: true, strict: true });
  // The timeout comes first: the others already wait for a process that is opening the same file.
  for (const pragma of ["busy_timeout=5000", "journal_mode=wal", "synchronous=normal", "foreign_keys=on"]) {
    database.run(`pragma ${pragma}`);
  }
  database.run(`pragma wal_autocheckpoint=${checkpointPages}`);
  return database;
}

/**
 * The write-ahead log, for syncing. It is there from the first statement until the last connection closes, and is
 * emptied in place.
 */
async function openLog(file: string, database: Database): Promise<GroupSync> {
  const log = new GroupSync(openSync(`${file}-wal`, "r+"));
  await log.sync();
  // Frames that an earlier process failed to sync must not lie below new ones: a log is read up to its first gap.
  database.run("pragma wal_checkpoint");
  return log;
}

/** Kysely over one connection of bun:sqlite. */
class SqliteDialect implements Dialect {
  readonly #database: Database;
  readonly #turns: Turns | undefined;
  readonly #onDecisive: () => void;

  /** @param onDecisive told of every commit that may change what a pull is answered with */
  constructor(database: Database, turns: Turns | undefined, onDecisive: () => void = () => {}) {
    this.#database = database;
    this.#turns = turns;
    this.#onDecisive = onDecisive;
  }

  createDriver(): Driver {
    return new SqliteDriver(new SqliteConnection(this.#database, this.#onDecisive), this.#turns);
  }
  createQueryCompiler() {
    return new SqliteQueryCompiler();
  }
  createAdapter() {
    return new Adapter();
  }
  createIntrospector(db: Kysely<unknown>) {
    return new SqliteIntrospector(db);
  }
}

class Adapter extends SqliteAdapter {
  /** A migration is whole or not there, and two processes that start together do not migrate twice. */
  override get supportsTransactionalDdl() {
    return true;
  }
  /** The driver below gives turns; Kysely's own wake every waiter at every turn. */
  override get supportsMultipleConnections() {
    return true;
  }
}

/** Hands out the one connection; with turns, to one holder at a time, so that no statement slips into another's transaction. */
class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #turns: Turns | undefined;

  constructor(connection: SqliteConnection, turns: Turns | undefined) {
    this.#connection = connection;
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
    this.#connection.begin();
  }
  async commitTransaction(): Promise<void> {
    this.#connection.commit();
  }
  async rollbackTransaction(): Promise<void> {
    this.#connection.rollback();
  }
  async destroy(): Promise<void> {}
}

/**
 * After some errors, a full disk among them, SQLite rolls back by itself. What is left of the change must then not
 * be committed statement by statement.
 */
class SqliteConnection implements DatabaseConnection {
  readonly #database: Database;
  readonly #statements: KeptStatements;
  readonly #onDecisive: () => void;
  #changing = false;
  #decisive = false;

  constructor(database: Database, onDecisive: () => void) {
    this.#database = database;
    this.#statements = new KeptStatements(database);
    this.#onDecisive = onDecisive;
  }

  begin(): void {
    this.#database.run("begin immediate");
    this.#changing = true;
    this.#decisive = false;
  }

  commit(): void {
    try {
      this.#database.run("commit");
      this.#changing = false;
    } finally {
      if (this.#decisive) this.#onDecisive();
    }
  }

  rollback(): void {
    this.#changing = false;
    if (this.#database.inTransaction) this.#database.run("rollback");
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#changing && !this.#database.inTransaction) throw new Error("the transaction was rolled back");
    // A statement that fails may have changed anything, as far as this needs to know.
    let rows = Number.POSITIVE_INFINITY;
    try {
      const result = this.#run<R>(query);
      rows = Number(result.numAffectedRows ?? result.rows.length);
      return result;
    } finally {
      if (!this.#decisive) this.#decisive = isDecisive(query, rows);
      if (!this.#changing && this.#decisive) this.#onDecisive();
    }
  }

  #run<R>({ sql, parameters }: CompiledQuery): QueryResult<R> {
    const { statement, givesRows } = this.#statements.get(sql);
    const bindings = parameters as SQLQueryBindings[];
    if (givesRows) return { rows: statement.all(...bindings) as R[] };
    const { changes, lastInsertRowid } = statement.run(...bindings);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  // biome-ignore lint/correctness/useYield: SQLite answers at once; nothing here streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("SQLite queries do not stream");
  }
}
