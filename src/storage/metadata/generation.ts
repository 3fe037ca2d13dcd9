import { type CompiledQuery, type InsertQueryNode, type OperationNode, TableNode } from "kysely";

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
  "image_times",
  "manifest_references",
  "name_ends",
  "objects",
  "project_blobs",
  "project_limits",
  "removed_objects",
  "reviews",
  "seen_places",
  "storage_samples",
  "tag_history",
  "uploads",
  "webhook_deliveries",
]);

/**
 * Tables where one more row takes nothing from what was there: a pull that was answered found the rows it needed by their keys,
 * and finds the same ones again. So a push of something new is no change for anybody who pulls something else.
 */
const growingTables: ReadonlySet<string> = new Set(["blob_links", "blobs", "manifests", "repositories", "tags"]);

/**
 * Whether a statement may change what a pull is answered with.
 *
 * @param rows how many rows it changed
 */
export function isDecisive({ query, sql }: CompiledQuery, rows: number): boolean {
  switch (query.kind) {
    case "SelectQueryNode":
      return false;
    case "InsertQueryNode": {
      const { into } = query;
      return rows > 0 && !isIn(quietTables, into) && !(isIn(growingTables, into) && onlyAdds(query));
    }
    case "UpdateQueryNode":
      return rows > 0 && !isIn(quietTables, query.table);
    case "DeleteQueryNode": {
      const { froms } = query.from;
      return rows > 0 && (froms.length !== 1 || !isIn(quietTables, froms[0]));
    }
    default:
      // The log's own statement is made by hand; whatever else is, counts.
      return !sql.startsWith("insert into audit_entries (");
  }
}

/** Whether rows that are there stay as they are. */
function onlyAdds({ onConflict, onDuplicateKey, orAction, replace }: InsertQueryNode): boolean {
  return (
    !onDuplicateKey && !orAction && !replace && (!onConflict || (onConflict.doNothing === true && !onConflict.updates))
  );
}

function isIn(tables: ReadonlySet<string>, node: OperationNode | undefined): boolean {
  return node !== undefined && TableNode.is(node) && tables.has(node.table.identifier.name);
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
