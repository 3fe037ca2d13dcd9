import { firstAuditEntrySince, listAuditEntries } from "../storage/metadata/audit.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { AuditEntry, Filter } from "./filter.ts";

export interface AuditQuery {
  /** Only what lies in this project; absent for everything. */
  readonly projectId?: string | undefined;
  readonly filter?: Filter | undefined;
  /** What a page before answered as `next`. */
  readonly after?: number | undefined;
  /** The latest first; else in the order in which things happened. */
  readonly newestFirst?: boolean | undefined;
  readonly limit: number;
}

/** An entry with its name for pages. */
export interface AuditLine {
  readonly id: number;
  readonly hash: string;
  readonly entry: AuditEntry;
}

export interface AuditAnswer {
  readonly lines: readonly AuditLine[];
  /** Where to go on; a page may be empty and have one. Absent at the end. */
  readonly next: number | undefined;
  /** The newest one looked at, whether it is among them or not: what is new comes after it. Absent where there was none. */
  readonly newest: number | undefined;
}

/** Entries that one question looks at: what it does not find among them it looks for on the next page. */
const lookedAtMax = 5000;
const pageMax = 500;

/** Entries that arrived out of the order of their times, at most: those of transactions wait to be taken into the chain. */
const disorderMax = 1000;

/** A page of the log. A filter that finds little costs no more than any other: its pages are short. */
export async function readAudit(metadata: Metadata, query: AuditQuery): Promise<AuditAnswer> {
  const { projectId, filter, newestFirst = false, limit } = query;
  const lines: AuditLine[] = [];
  const times = await idsBetween(metadata, filter);
  let newest: number | undefined;
  let after = query.after ?? (newestFirst ? times.below : times.above);
  for (let lookedAt = 0; lookedAt < lookedAtMax; lookedAt += pageMax) {
    const range = newestFirst ? { above: times.above, below: after } : { above: after, below: times.below };
    const rows = await listAuditEntries(metadata.read, { projectId, ...range, newestFirst, limit: pageMax });
    for (const { id, hash, entry } of rows) {
      after = id;
      newest = Math.max(newest ?? 0, id);
      const parsed = JSON.parse(entry) as AuditEntry;
      if (filter && !filter.matches(parsed)) continue;
      lines.push({ id, hash, entry: parsed });
      if (lines.length === limit) return { lines, next: id, newest };
    }
    if (rows.length < pageMax) return { lines, next: undefined, newest };
  }
  return { lines, next: after, newest };
}

/** Between which ids the filter's times lie, so that the database need not look at the others. */
async function idsBetween({ read }: Metadata, filter: Filter | undefined) {
  const idAt = async (at: number | undefined) => (at === undefined ? undefined : await firstAuditEntrySince(read, at));
  const [first, last] = [await idAt(filter?.since), await idAt(filter?.until)];
  // Nothing is as new as that: what comes later may be.
  const above = filter?.since === undefined ? undefined : (first ?? Number.MAX_SAFE_INTEGER) - disorderMax;
  return { above, below: last && last + disorderMax };
}
