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

const statements = new Map<string, string>();

function insertStatement(dialect: Metadata["dialect"], rows: number): string {
  const key = `${dialect} ${rows}`;
  const known = statements.get(key);
  if (known !== undefined) return known;
  let position = 0;
  const place = () => (dialect === "postgres" ? `$${++position}` : "?");
  const row = () => `(${columns.map(place).join(", ")})`;
  const text = `insert into audit_entries (${columns.join(", ")}) values ${Array.from({ length: rows }, row).join(", ")}`;
  statements.set(key, text);
  return text;
}

/** Adds entries in their order. */
export async function insertAuditEntries(
  write: Writer,
  dialect: Metadata["dialect"],
  rows: readonly AuditEntryRow[],
): Promise<void> {
  let start = 0;
  for (const size of batchSizes) {
    const sql = insertStatement(dialect, size);
    for (; rows.length - start >= size; start += size) {
      const parameters: unknown[] = [];
      for (let index = start; index < start + size; index++) {
        const row = rows[index] as AuditEntryRow;
        parameters.push(row.node, row.segment, row.sequence, row.at, row.kind, row.projectId, row.principal);
        parameters.push(row.entry, row.hash);
      }
      await write.executeQuery(CompiledQuery.raw(sql, parameters));
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
  readonly kind?: string | undefined;
  readonly principal?: string | undefined;
  /** Milliseconds, the first and the one after the last. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** The id before the page; absent for the first page. */
  readonly after?: number | undefined;
  readonly newestFirst: boolean;
  readonly limit: number;
}

export async function listAuditEntries(
  read: Reader,
  page: AuditPage,
): Promise<{ id: number; entry: string; hash: string }[]> {
  const { projectId, kind, principal, since, until, after, newestFirst, limit } = page;
  let query = read.selectFrom("audit_entries").select(["id", "entry", "hash"]);
  if (projectId !== undefined) query = query.where("project_id", "=", projectId);
  if (kind !== undefined) query = query.where("kind", "=", kind);
  if (principal !== undefined) query = query.where("principal", "=", principal);
  if (since !== undefined) query = query.where("at", ">=", since);
  if (until !== undefined) query = query.where("at", "<", until);
  if (after !== undefined) query = query.where("id", newestFirst ? "<" : ">", after);
  return await query
    .orderBy("id", newestFirst ? "desc" : "asc")
    .limit(limit)
    .execute();
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

/** Segments whose every entry is older than a time, with their last entry. */
export async function listExpiredSegments(read: Reader, before: number, limit: number) {
  const rows = await read
    .selectFrom("audit_entries")
    .select(["node", "segment"])
    .select((row) => row.fn.max<number>("sequence").as("last"))
    .groupBy(["node", "segment"])
    .having((row) => row.fn.max("at"), "<", before)
    .limit(limit)
    .execute();
  return rows;
}

export async function deleteAuditSegment(write: Writer, { node, segment }: AuditSegment): Promise<void> {
  await write.deleteFrom("audit_entries").where("node", "=", node).where("segment", "=", segment).execute();
}

/** Forgets uses and first pulls that nobody asks for any more. */
export async function deleteOldAuditCounts(write: Writer, beforeDay: number, before: number): Promise<void> {
  await write.deleteFrom("audit_uses").where("day", "<", beforeDay).execute();
  await write.deleteFrom("audit_pulls").where("at", "<", before).execute();
}
