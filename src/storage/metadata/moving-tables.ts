import type { Generated } from "kysely";

/** The tables of an installation that moves to other storage (src/operations/moving). They do not move themselves. */
export interface MovingTables {
  readonly moves: MovesTable;
  readonly move_changes: MoveChangesTable;
}

/** What this database has to do with a move. */
interface MovesTable {
  side: "source" | "target";
  /** JSON, as src/storage/metadata/moving/move-state.ts reads it. */
  state: string;
}

/** Rows that changed in the source since they were copied, noted by triggers. */
interface MoveChangesTable {
  id: Generated<number>;
  table_name: string;
  /** The row's primary key: a JSON array. */
  row_key: string;
}
