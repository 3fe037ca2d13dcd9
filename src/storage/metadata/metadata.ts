import type { Generation } from "./generation.ts";
import type { HotReads } from "./hot-reads.ts";
import type { Reader, Writer } from "./schema.ts";

/** The database as the domains see it: SQLite or PostgreSQL, one contract (test/storage/metadata). */
export interface Metadata {
  readonly dialect: "sqlite" | "postgres";
  /** Whether other processes work on it, too. */
  readonly isShared: boolean;
  /** False while it does not answer: everything asked of it then fails with DatabaseUnreachableError, at once. */
  isReachable(): boolean;
  /** Whether this process is the one of all that does what one is to do for them. */
  isLeader(): boolean;
  /** Queries outside a transaction; each sees what was committed before it. */
  readonly read: Reader;
  /** The few look-ups that every request makes. */
  readonly hot: HotReads;
  /** Whether what was read before still holds. */
  readonly generation: Generation;
  /**
   * Runs `change` in one transaction and resolves with its result when that is on disk: a power cut afterwards
   * loses nothing. When `change` throws, nothing of it remains and the error is passed on.
   *
   * `change` may run more than once, each time from the start (two PostgreSQL transactions can get in each other's
   * way): it does nothing but read, write and answer, and does not call `write` again.
   */
  write<T>(change: (write: Writer) => Promise<T>): Promise<T>;
  /**
   * As `write`, for what need not outlive a power cut: resolves when the change is committed, and does not wait for the
   * disk. The end of the program, also by force, loses nothing of it.
   */
  note<T>(change: (write: Writer) => Promise<T>): Promise<T>;
  /** Ends after the writes that are under way; later ones are refused. */
  close(): Promise<void>;
}
