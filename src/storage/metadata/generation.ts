import type { CompiledQuery } from "kysely";

/** Tells whether what was read may still be said without reading it again. */
export interface Generation {
  /**
   * Another number as soon as anything was committed that may decide who gets what. Undefined where that is not known at
   * the moment: then nothing counts as unchanged.
   */
  now(): number | undefined;
}

/**
 * Tables that no answer to a pull depends on: counts, what happened, what is to be looked at later. A change to any other
 * table, or one whose table cannot be told, counts.
 */
const quietTables: ReadonlySet<string> = new Set([
  "audit_entries",
  "audit_pending",
  "audit_checkpoints",
  "audit_uses",
  "audit_pulls",
  "credential_uses",
  "seen_places",
  "storage_samples",
  "uploads",
]);

/** Whether a statement may change what a pull is answered with. */
export function isDecisive({ query, sql }: CompiledQuery): boolean {
  switch (query.kind) {
    case "SelectQueryNode":
      return false;
    case "InsertQueryNode":
      return !isQuiet((query as { into?: unknown }).into);
    case "UpdateQueryNode":
      return !isQuiet((query as { table?: unknown }).table);
    case "DeleteQueryNode": {
      const { froms } = (query as unknown as { from: { froms: readonly unknown[] } }).from;
      return froms.length !== 1 || !isQuiet(froms[0]);
    }
    default:
      // The log's own statement is made by hand; whatever else is, counts.
      return !sql.startsWith("insert into audit_entries (");
  }
}

function isQuiet(node: unknown): boolean {
  const { kind, table } = node as { kind?: string; table?: { identifier?: { name?: string } } };
  return kind === "TableNode" && quietTables.has(table?.identifier?.name ?? "");
}

/**
 * The generation of a database that this process has opened: raised at each commit of its own that is decisive, and at any
 * commit of another process.
 */
export class OwnGeneration implements Generation {
  readonly #othersVersion: () => number;
  readonly #clock: () => number;
  #raised = 0;
  #askedAt = Number.NaN;
  #others = Number.NaN;

  /**
   * @param othersVersion another number after a commit of another process; asked once in a millisecond at most
   * @param clock milliseconds
   */
  constructor(othersVersion: () => number, clock: () => number) {
    this.#othersVersion = othersVersion;
    this.#clock = clock;
  }

  /** To be called before anybody can read what was committed. */
  raise(): void {
    this.#raised++;
  }

  now(): number {
    const now = this.#clock();
    if (now !== this.#askedAt) {
      this.#askedAt = now;
      const others = this.#othersVersion();
      if (others !== this.#others) this.#raised++;
      this.#others = others;
    }
    return this.#raised;
  }
}
