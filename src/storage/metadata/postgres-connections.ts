import type { PostgresPool, PostgresPoolClient } from "kysely";
import pg from "pg";
import { asUnreachable, DatabaseUnreachableError } from "./database-unreachable.ts";
import { destroy, PostgresPulse } from "./postgres-pulse.ts";

/** How many statements one node runs at a time. */
const connectionsMax = 16;
/** Waiting for a turn counts, too: that the database is gone is for the pulse to say. */
const connectMilliseconds = 10_000;
/** A node that stands still in the middle of a change must not hold others up for longer. */
const idleInTransaction = "10s";
const int8 = 20;

/**
 * One node's connections. While the database answers they are a pool; from the moment on that it does not, everything
 * that waits for it fails with DatabaseUnreachableError, and so does whatever comes, until it answers again.
 */
export class PostgresConnections implements PostgresPool {
  /** Of Kysely's, to cancel statements by; we do not. */
  readonly options = {};
  readonly #pool: pg.Pool;
  readonly #open = new Set<pg.PoolClient>();
  readonly #waiting = new Set<(error: unknown) => void>();
  #pulse: PostgresPulse | undefined;
  #heardAt = 0;

  private constructor(url: string) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: connectionsMax,
      connectionTimeoutMillis: connectMilliseconds,
      // Counts, sizes and times fit a double; as strings they would compare wrongly.
      types: { getTypeParser: ((id: number) => (id === int8 ? Number : pg.types.getTypeParser(id))) as never },
    });
    // A connection that breaks fails the query that uses it and is replaced; as an unheard event it would end the process.
    this.#pool.on("error", () => {});
    this.#pool.on("connect", (client) => {
      client.on("error", () => {});
      client.query(`set idle_in_transaction_session_timeout = '${idleInTransaction}'`).catch(() => {});
      this.#open.add(client);
    });
    this.#pool.on("remove", (client) => this.#open.delete(client));
  }

  /** Throws where the database cannot be reached. */
  static async open(url: string): Promise<PostgresConnections> {
    const connections = new PostgresConnections(url);
    const events = { heardAt: () => connections.#heardAt, onLost: () => connections.#failAll() };
    connections.#pulse = await PostgresPulse.start(url, events);
    return connections;
  }

  get isReachable(): boolean {
    return this.#pulse?.isThere ?? false;
  }

  get isLeader(): boolean {
    return this.#pulse?.isLeader ?? false;
  }

  /** A connection for Kysely, which gives it back. Throws DatabaseUnreachableError. */
  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#take();
    const query = async (...asked: [never]) => {
      try {
        const answer = await client.query(...asked);
        this.#heardAt = performance.now();
        return answer as never;
      } catch (error) {
        throw asUnreachable(error);
      }
    };
    return {
      query: query as never,
      release: (broken?: boolean) => client.release(broken),
    } as never;
  }

  /** Runs one statement that reads; once more where its connection broke, and another one may do. */
  async read(query: pg.QueryConfig): Promise<unknown[]> {
    try {
      return await this.#query(query);
    } catch (error) {
      if (!(error instanceof DatabaseUnreachableError) || !this.isReachable) throw error;
      return await this.#query(query);
    }
  }

  async end(): Promise<void> {
    await this.#pulse?.stop();
    await this.#pool.end();
  }

  async #query(query: pg.QueryConfig): Promise<unknown[]> {
    const client = await this.#take();
    try {
      const { rows } = await client.query(query);
      client.release();
      this.#heardAt = performance.now();
      return rows;
    } catch (error) {
      const found = asUnreachable(error);
      client.release(found instanceof DatabaseUnreachableError);
      throw found;
    }
  }

  #take(): Promise<pg.PoolClient> {
    if (!this.isReachable) return Promise.reject(new DatabaseUnreachableError());
    const { promise, resolve, reject } = Promise.withResolvers<pg.PoolClient>();
    this.#waiting.add(reject);
    this.#pool.connect().then(
      (client) => (this.#waiting.delete(reject) ? resolve(client) : client.release()),
      (error) => {
        this.#waiting.delete(reject);
        reject(asUnreachable(error));
      },
    );
    return promise;
  }

  #failAll(): void {
    for (const client of this.#open) destroy(client);
    for (const reject of this.#waiting) reject(new DatabaseUnreachableError());
    this.#waiting.clear();
  }
}
