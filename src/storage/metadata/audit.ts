import { CompiledQuery, type Kysely } from "kysely";
import type { Metadata } from "./metadata.ts";
import type { Reader, Schema, Writer } from "./schema.ts";

export interface AuditEntryRow {
  readonly node: string;
  readonly segment: number;
  readonly sequence: number;
  readonly at: number;
  readonly kind: string;
  readonly projectId: string;
  readonly principal: string;
  readonly entry: string;
  readonly hash: string;
}

const columns = ["node", "segment", "sequence", "at", "kind", "project_id", "principal", "entry", "hash"] as const;
/** Rows of one statement. Its text is made once for each size: the query builder would cost more than the database. */
const batchSizes = [100, 10, 1] as const;

const statements = new Map<string, CompiledQuery>();

function insertStatement(dialect: Metadata["dialect"], rows: number): CompiledQuery {
  const key = `${dialect} ${rows}`;
  const known = statements.get(key);
  if (known !== undefined) return known;
  let position = 0;
  const place = () => (dialect === "postgres" ? `$${++position}` : "?");
  const row = () => `(${columns.map(place).join(", ")})`;
  const text = `insert into audit_entries (${columns.join(", ")}) values ${Array.from({ length: rows }, row).join(", ")}`;
  const statement = CompiledQuery.raw(text);
  statements.set(key, statement);
  return statement;
}

/** Adds entries in their order. */
export async function insertAuditEntries(
  write: Writer,
  dialect: Metadata["dialect"],
  rows: readonly AuditEntryRow[],
): Promise<void> {
  let start = 0;
  for (const size of batchSizes) {
    const statement = insertStatement(dialect, size);
    for (; rows.length - start >= size; start += size) {
      const parameters: unknown[] = [];
      for (let index = start; index < start + size; index++) {
        const row = rows[index] as AuditEntryRow;
        parameters.push(row.node, row.segment, row.sequence, row.at, row.kind, row.projectId, row.principal);
        parameters.push(row.entry, row.hash);
      }
      // Not a compiled query of its own: Kysely would freeze the parameters, which costs as much as storing them.
      await write.executeQuery({ ...statement, parameters });
    }
  }
}

/** Keeps an event in the transaction of what it tells of. */
export async function insertPendingAudit(write: Writer, node: string, at: number, event: string): Promise<void> {
  await write.insertInto("audit_pending").values({ node, at, event }).execute();
}

/** Takes out what this node wrote, and what others left behind before `abandonedBefore`; the oldest first. */
export async function takePendingAudit(
  write: Writer,
  node: string,
  abandonedBefore: number,
  limit: number,
): Promise<{ at: number; event: string }[]> {
  const rows = await write
    .selectFrom("audit_pending")
    .select(["id", "at", "event"])
    .where((where) => where.or([where("node", "=", node), where("at", "<", abandonedBefore)]))
    .orderBy("id")
    .limit(limit)
    .execute();
  if (rows.length > 0) {
    const ids = rows.map(({ id }) => id);
    await write.deleteFrom("audit_pending").where("id", "in", ids).execute();
  }
  return rows;
}

/** A page of the log, in the order of arrival or against it. */
export interface AuditPage {
  /** Absent for the whole installation. */
  readonly projectId?: string | undefined;
  /** The ids between which it lies, themselves not in it. */
  readonly above?: number | undefined;
  readonly below?: number | undefined;
  readonly newestFirst: boolean;
  readonly limit: number;
}

export async function listAuditEntries(
  read: Reader,
  { projectId, above, below, newestFirst, limit }: AuditPage,
): Promise<{ id: number; at: number; entry: string; hash: string }[]> {
  let query = read.selectFrom("audit_entries").select(["id", "at", "entry", "hash"]);
  if (projectId !== undefined) query = query.where("project_id", "=", projectId);
  if (above !== undefined) query = query.where("id", ">", above);
  if (below !== undefined) query = query.where("id", "<", below);
  return await query
    .orderBy("id", newestFirst ? "desc" : "asc")
    .limit(limit)
    .execute();
}

/**
 * The id of the first entry at or after a time, by halving: entries arrive in the order of their times, as good as. There is no
 * index of times, which every entry would pay for. Undefined where nothing is as new as that.
 */
export async function firstAuditEntrySince(read: Reader, at: number): Promise<number | undefined> {
  const from = (id: number) =>
    read
      .selectFrom("audit_entries")
      .select(["id", "at"])
      .where("id", ">=", id)
      .orderBy("id")
      .limit(1)
      .executeTakeFirst();
  const newest = await read.selectFrom("audit_entries").select("id").orderBy("id", "desc").limit(1).executeTakeFirst();
  let [low, high] = [0, newest ? newest.id + 1 : 0];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await from(middle);
    if (row && row.at < at) low = row.id + 1;
    else high = middle;
  }
  return (await from(low))?.id;
}

export interface AuditSegment {
  readonly node: string;
  readonly segment: number;
}

/** Every segment that an entry or a checkpoint tells of, in the order of their names; those after `after` only. */
export async function listAuditSegments(
  db: Pick<Kysely<Schema>, "selectFrom">,
  after: AuditSegment | undefined,
  limit: number,
): Promise<AuditSegment[]> {
  const beyond = after ?? { node: "", segment: -1 };
  const of = (table: "audit_entries" | "audit_checkpoints") =>
    db
      .selectFrom(table)
      .select(["node", "segment"])
      .distinct()
      .where((where) =>
        where.or([
          where("node", ">", beyond.node),
          where.and([where("node", "=", beyond.node), where("segment", ">", beyond.segment)]),
        ]),
      )
      .orderBy("node")
      .orderBy("segment")
      .limit(limit)
      .execute();
  const names = new Map<string, AuditSegment>();
  for (const row of [...(await of("audit_entries")), ...(await of("audit_checkpoints"))]) {
    names.set(`${row.node}/${String(row.segment).padStart(10, "0")}`, row);
  }
  return [...names.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([, row]) => row);
}

/** The last entry of a node's chain. */
export async function lastAuditEntryOf(read: Reader, node: string) {
  return await read
    .selectFrom("audit_entries")
    .select(["segment", "sequence", "hash"])
    .where("node", "=", node)
    .orderBy("segment", "desc")
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** A segment's entries from after `sequence` on. */
export async function listSegmentEntries(
  read: Reader,
  { node, segment }: AuditSegment,
  afterSequence: number,
  limit: number,
): Promise<AuditEntryRow[]> {
  return await read
    .selectFrom("audit_entries")
    .select(["node", "segment", "sequence", "at", "kind", "project_id as projectId", "principal", "entry", "hash"])
    .where("node", "=", node)
    .where("segment", "=", segment)
    .where("sequence", ">", afterSequence)
    .orderBy("sequence")
    .limit(limit)
    .execute();
}

/** The segment of the oldest entry, with the time and hash of its last one. */
export async function oldestAuditSegment(read: Reader) {
  const oldest = await read
    .selectFrom("audit_entries")
    .select(["node", "segment"])
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  if (!oldest) return undefined;
  const last = await read
    .selectFrom("audit_entries")
    .select(["node", "segment", "sequence", "at", "hash"])
    .where("node", "=", oldest.node)
    .where("segment", "=", oldest.segment)
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
  return last;
}

/** Removes some of a segment's entries, the first ones first; answers how many. */
export async function deleteAuditEntries(
  write: Writer,
  { node, segment }: AuditSegment,
  limit: number,
): Promise<number> {
  const { numDeletedRows } = await write
    .deleteFrom("audit_entries")
    .where("id", "in", (inner) =>
      inner
        .selectFrom("audit_entries")
        .select("id")
        .where("node", "=", node)
        .where("segment", "=", segment)
        .orderBy("sequence")
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
