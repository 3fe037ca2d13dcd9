import pg from "pg";

/** How often the database is asked whether it is there. */
const beatMilliseconds = 200;
/** With the time between two beats less than a second: so soon a node that is cut off knows it. */
const answerMilliseconds = 700;

/** The lock that one node holds while any of them runs: the arguments of PostgreSQL's functions for it. */
export const leaderLock = "hashtext('waybill leader'), hashtext(current_schema())";

/** What a pulse tells of. */
export interface PulseEvents {
  /** When something was last heard from the database, by `performance.now()`. */
  heardAt(): number;
  /** The database does not answer any more: called once, until it does again. */
  onLost(): void;
}

/**
 * A connection of its own, over which a node knows that the database answers and takes writes, and by which one of all nodes
 * is the leader: the one that holds a lock in the database. The database frees the lock when the connection ends, or when
 * nothing was heard on it for some seconds; no clock of a node counts.
 */
export class PostgresPulse {
  readonly #url: string;
  readonly #events: PulseEvents;
  readonly #closing = new AbortController();
  #client: pg.Client | undefined;
  #isThere = false;
  #isLeader = false;
  #beating: Promise<void> = Promise.resolve();

  private constructor(url: string, events: PulseEvents) {
    this.#url = url;
    this.#events = events;
  }

  /** Throws where the database cannot be reached. */
  static async start(url: string, events: PulseEvents): Promise<PostgresPulse> {
    const pulse = new PostgresPulse(url, events);
    await pulse.#beat(10_000);
    pulse.#beating = pulse.#goOn();
    return pulse;
  }

  /** Whether the database answers. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** Whether this is the node that does what one does for all. */
  get isLeader(): boolean {
    return this.#isThere && this.#isLeader;
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#beating;
    await this.#client?.end().catch(() => {});
  }

  async #goOn(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#beatOrAgain().catch(() => this.#lose());
      await pause(beatMilliseconds, this.#closing.signal);
    }
  }

  /** A connection that was ended is made anew before anybody hears of it. */
  async #beatOrAgain(): Promise<void> {
    const begun = performance.now();
    try {
      await this.#beat(answerMilliseconds);
    } catch (error) {
      const left = answerMilliseconds - (performance.now() - begun);
      if (!this.#client || left < answerMilliseconds / 2) throw error;
      this.#disconnect();
      await this.#beat(left);
    }
  }

  async #beat(milliseconds: number): Promise<void> {
    this.#client ??= await this.#connect(milliseconds);
    // Asked again it would be taken twice.
    const lock = this.#isLeader ? "true" : `pg_try_advisory_lock(${leaderLock})`;
    const asked = this.#client.query(`select pg_is_in_recovery() as standby, ${lock} as leader`);
    const { rows } = await this.#within(asked, milliseconds);
    // A standby tells of yesterday: a binding that was taken away may still be there.
    if (rows[0].standby) throw new Error("the database is a standby");
    this.#isLeader = rows[0].leader;
    this.#isThere = true;
  }

  async #connect(milliseconds: number): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: milliseconds });
    client.on("error", () => {});
    await client.connect();
    // Where this node is gone without a word, or stands still, another one is to lead soon.
    for (const setting of ["idle_session_timeout = '15s'", "tcp_keepalives_idle = 5", "tcp_keepalives_interval = 3"]) {
      await client.query(`set ${setting}`).catch(() => {}); // Before PostgreSQL 14 there is no such limit.
    }
    return client;
  }

  /** A machine may be so busy that an answer lies there unread: any other statement's answer counts, too. */
  async #within<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
    answer.catch(() => {});
    for (let begun = performance.now(); ; begun = this.#events.heardAt()) {
      const left = begun + milliseconds - performance.now();
      if (left <= 0) throw new Error("no answer");
      const timer = Promise.withResolvers<"late">();
      const timeout = setTimeout(() => setImmediate(() => timer.resolve("late")), left);
      const first = await Promise.race([answer, timer.promise]);
      clearTimeout(timeout);
      if (first !== "late") return first;
    }
  }

  #lose(): void {
    const wasThere = this.#isThere;
    this.#isThere = false;
    this.#disconnect();
    if (wasThere) this.#events.onLost();
  }

  #disconnect(): void {
    this.#isLeader = false;
    destroy(this.#client);
    this.#client = undefined;
  }
}

/** Ends a connection at once: whatever waits on it fails. */
export function destroy(client: pg.ClientBase | undefined): void {
  (client as { connection?: { stream?: { destroy(): void } } } | undefined)?.connection?.stream?.destroy();
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
