import type { Generated } from "kysely";

export interface AuditTables {
  readonly audit_entries: AuditEntriesTable;
  readonly audit_pending: AuditPendingTable;
  readonly audit_checkpoints: AuditCheckpointsTable;
  readonly audit_uses: AuditUsesTable;
  readonly audit_pulls: AuditPullsTable;
}

/** What happened, one row an event. Rows are added and, a whole segment at a time, removed; never changed. */
interface AuditEntriesTable {
  /** The order of arrival, for pages. */
  id: Generated<number>;
  /** The process that wrote it: each start has a name of its own. */
  node: string;
  segment: number;
  /** Counts a node's entries from 1, on through its segments. */
  sequence: number;
  at: number;
  kind: string;
  /** Empty where no project is concerned. */
  project_id: string;
  /** `serviceAccount:EMAIL`; empty for nobody. */
  principal: string;
  /** The event as JSON, with all of the above in it: what the hash is of. */
  entry: string;
  /** Of the hash before it in the segment and `entry`; see audit/chain.ts. */
  hash: string;
}

/** Events that were written in the transaction of what they tell of, until a node takes them into its chain. */
interface AuditPendingTable {
  id: Generated<number>;
  node: string;
  at: number;
  event: string;
}

/** How far a node's chain had come, signed. Kept when the segment goes. */
interface AuditCheckpointsTable {
  node: string;
  segment: number;
  sequence: number;
  at: number;
  /** What is signed: JSON. */
  statement: string;
  key_id: string;
  signature: string;
}

/** What was allowed and done, counted by the day. */
interface AuditUsesTable {
  /** Days since 1970. */
  day: number;
  /** The principal's key; empty for nobody. */
  principal: string;
  permission: string;
  /** The name for people. */
  resource: string;
  /** The resource and what contains it, as JSON. */
  resource_keys: string;
  project_id: string;
  /** The principal as JSON, as it was then. */
  identity: string;
  count: number;
}

/** Which manifests a principal has pulled, and since when. */
interface AuditPullsTable {
  principal: string;
  repository_id: string;
  digest: string;
  at: number;
}
