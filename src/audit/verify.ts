import { createPublicKey, type KeyObject } from "node:crypto";
import { type AuditSegment, listSegmentEntries } from "../storage/metadata/audit.ts";
import { listAuditCheckpoints, listAuditKeys } from "../storage/metadata/audit-checkpoints.ts";
import type { Reader } from "../storage/metadata/schema.ts";
import { chainStart, hashOf } from "./chain.ts";
import { droppedSequence, readCheckpoint } from "./checkpoint.ts";

/** What a check of one segment found. */
export interface SegmentReport extends AuditSegment {
  /** `dropped`: its time was over, and only its checkpoints are left. */
  readonly state: "whole" | "dropped" | "broken";
  readonly entries: number;
  readonly checkpoints: number;
  /** Entries after the last checkpoint: chained, and not signed yet. */
  readonly unsigned: number;
  /** What is wrong with it, and where. */
  readonly problem?: string;
}

const pageSize = 1000;

/** The public halves of every key that signed checkpoints. */
export async function auditKeys(read: Reader): Promise<ReadonlyMap<string, KeyObject>> {
  const rows = await listAuditKeys(read);
  return new Map(rows.map(({ id, privateKey }) => [id, createPublicKey(privateKey)]));
}

/**
 * Checks a segment: every entry's hash is of the one before it and of its own text, the numbers have no gap, the columns
 * say what the text says, and every checkpoint is signed by one of ours and names the hash that stands there.
 *
 */
export async function verifySegment(
  read: Reader,
  segment: AuditSegment,
  keys: ReadonlyMap<string, KeyObject>,
): Promise<SegmentReport> {
  const rows = await listAuditCheckpoints(read, segment.node, segment.segment);
  const signed = new Map<number, string>();
  let dropped = false;
  for (const row of rows) {
    const said = readCheckpoint(row, keys);
    const place = said?.state === "dropped" ? droppedSequence : said?.sequence;
    const meant = said?.node === segment.node && said.segment === segment.segment && place === row.sequence;
    if (!said || !meant)
      return broken(segment, rows.length, 0, `the checkpoint at ${row.sequence} is not signed by this server`);
    if (said.state === "dropped") dropped = true;
    else signed.set(row.sequence, said.hash);
  }
  const last = Math.max(0, ...signed.keys());
  if (dropped) return { ...segment, state: "dropped", entries: 0, checkpoints: rows.length, unsigned: 0 };
  let previous = chainStart;
  let sequence: number | undefined;
  let entries = 0;
  for (;;) {
    const page = await listSegmentEntries(read, segment, sequence ?? 0, pageSize);
    for (const row of page) {
      const problem = problemOf(row, sequence, previous, signed);
      if (problem !== undefined) return broken(segment, rows.length, entries, problem);
      signed.delete(row.sequence);
      [previous, sequence] = [row.hash, row.sequence];
      entries++;
    }
    if (page.length < pageSize) break;
  }
  const [missing] = signed.keys();
  if (missing !== undefined)
    return broken(segment, rows.length, entries, `the entries up to ${missing} were signed, and are gone`);
  return { ...segment, state: "whole", entries, checkpoints: rows.length, unsigned: (sequence ?? last) - last };
}

type Row = Awaited<ReturnType<typeof listSegmentEntries>>[number];

function problemOf(
  row: Row,
  before: number | undefined,
  previous: string,
  signed: ReadonlyMap<number, string>,
): string | undefined {
  const { sequence, entry, hash } = row;
  const said = parse(entry);
  if (before === undefined && said?.kind !== "log.opened") return `its first entries, before ${sequence}, are gone`;
  if (before !== undefined && sequence !== before + 1)
    return `the entries from ${before + 1} to ${sequence - 1} are gone`;
  if (hashOf(previous, entry) !== hash) return `the entry ${sequence} was changed, or the one before it`;
  const columns = {
    node: row.node,
    segment: row.segment,
    sequence,
    at: row.at,
    kind: row.kind,
    project: row.projectId,
  };
  const differs = Object.entries(columns).some(([name, value]) => said?.[name] !== value);
  if (differs || said?.who?.principal !== row.principal)
    return `the entry ${sequence} is filed under what it does not say`;
  if (signed.has(sequence) && signed.get(sequence) !== hash)
    return `the entry ${sequence} is not the one that was signed`;
  return undefined;
}

function parse(entry: string): (Record<string, unknown> & { who?: { principal?: unknown } }) | undefined {
  try {
    return JSON.parse(entry);
  } catch {
    return undefined;
  }
}

function broken(segment: AuditSegment, checkpoints: number, entries: number, problem: string): SegmentReport {
  return { ...segment, state: "broken", entries, checkpoints, unsigned: 0, problem };
}
