import { expect, test } from "bun:test";
import {
  type AuditEntryRow,
  deleteAuditEntries,
  firstAuditEntrySince,
  insertAuditEntries,
  insertPendingAudit,
  lastAuditEntryOf,
  listAuditEntries,
  listAuditSegments,
  listSegmentEntries,
  oldestAuditSegment,
  takePendingAudit,
} from "../../../../src/storage/metadata/audit.ts";
import {
  insertAuditCheckpoint,
  lastAuditCheckpoint,
  listAuditCheckpoints,
  listAuditKeys,
} from "../../../../src/storage/metadata/audit-checkpoints.ts";
import {
  addAuditUses,
  deleteOldAuditCounts,
  listAuditUses,
  noteAuditPull,
} from "../../../../src/storage/metadata/audit-uses.ts";
import { insertSigningKey } from "../../../../src/storage/metadata/signing-keys.ts";
import type { Suite } from "../databases.ts";
import { newId, now } from "../fixtures.ts";

/** What the audit log stands on. */
export function audit(suite: Suite): void {
  const row = (sequence: number, more: Partial<AuditEntryRow> = {}): AuditEntryRow => ({
    node: "b",
    segment: 1,
    sequence,
    at: now + sequence,
    kind: "administration",
    projectId: "1",
    principal: "user:ada@example.com",
    entry: `{"sequence":${sequence},"text":"ä'\\"\\u0001"}`,
    hash: `hash ${sequence}`,
    ...more,
  });
  const insert = (rows: readonly AuditEntryRow[]) =>
    suite.metadata.write((write) => insertAuditEntries(write, suite.kind, rows));

  test("entries are kept in their order, however many come at once", async () => {
    // Whole batches of every size, and what is left of them.
    await insert(Array.from({ length: 234 }, (_, index) => row(index + 1)));
    await insert([]);
    const { read } = suite.metadata;
    const first = await listAuditEntries(read, { newestFirst: false, limit: 200 });
    expect(first.map(({ hash }) => hash)).toEqual(Array.from({ length: 200 }, (_, index) => `hash ${index + 1}`));
    expect(first[0]).toMatchObject({ at: now + 1, entry: row(1).entry });
    const rest = await listAuditEntries(read, { above: first.at(-1)?.id, newestFirst: false, limit: 200 });
    expect(rest).toHaveLength(34);
    const newest = await listAuditEntries(read, { below: rest.at(-1)?.id, newestFirst: true, limit: 2 });
    expect(newest.map(({ hash }) => hash)).toEqual(["hash 233", "hash 232"]);
    expect(await listAuditEntries(read, { projectId: "2", newestFirst: false, limit: 2 })).toEqual([]);
    expect(await lastAuditEntryOf(read, "b")).toEqual({ segment: 1, sequence: 234, hash: "hash 234" });
    expect(await lastAuditEntryOf(read, "nobody")).toBeUndefined();
    expect(await firstAuditEntrySince(read, now + 100)).toBe(first[99]?.id);
    expect(await firstAuditEntrySince(read, now + 1000)).toBeUndefined();
  });

  test("an entry's place in its chain is taken once", async () => {
    expect(insert([row(1)])).rejects.toThrow();
  });

  test("a segment is read in pages, and removed from its beginning", async () => {
    const segment = { node: "a", segment: 2 };
    await insert([1, 2, 3].map((sequence) => row(sequence, { ...segment, at: now - 10 + sequence })));
    const { read } = suite.metadata;
    expect(await listAuditSegments(read, undefined, 1)).toEqual([segment]);
    expect(await listAuditSegments(read, segment, 5)).toEqual([{ node: "b", segment: 1 }]);
    const page = await listSegmentEntries(read, segment, 1, 1);
    expect(page).toEqual([row(2, { ...segment, at: now - 8 })]);
    expect(await oldestAuditSegment(read)).toEqual({
      node: "b",
      segment: 1,
      sequence: 234,
      at: now + 234,
      hash: "hash 234",
    });
    expect(await suite.metadata.write((write) => deleteAuditEntries(write, segment, 2))).toBe(2);
    expect((await listSegmentEntries(read, segment, 0, 9)).map(({ sequence }) => sequence)).toEqual([3]);
    expect(await suite.metadata.write((write) => deleteAuditEntries(write, segment, 2))).toBe(1);
  });

  test("what a transaction left is taken once, by its node or when it was abandoned", async () => {
    await suite.metadata.write(async (write) => {
      await insertPendingAudit(write, "mine", now, "one");
      await insertPendingAudit(write, "other", now, "two");
      await insertPendingAudit(write, "dead", now - 100, "three");
      await insertPendingAudit(write, "mine", now, "four");
    });
    const take = (limit: number) => suite.metadata.write((write) => takePendingAudit(write, "mine", now - 50, limit));
    expect((await take(2)).map(({ event }) => event)).toEqual(["one", "three"]);
    expect((await take(2)).map(({ event, at }) => [event, at])).toEqual([["four", now]]);
    expect(await take(2)).toEqual([]);
  });

  test("checkpoints are kept, the first of each place", async () => {
    const checkpoint = { node: "c", segment: 1, sequence: 5, at: now, statement: "{}", keyId: "k", signature: "s" };
    for (const signature of ["s", "t"]) {
      await suite.metadata.write((write) => insertAuditCheckpoint(write, { ...checkpoint, signature }));
    }
    await suite.metadata.write((write) => insertAuditCheckpoint(write, { ...checkpoint, sequence: 9, at: now + 1 }));
    const { read } = suite.metadata;
    expect(await listAuditCheckpoints(read, "c", 1)).toEqual([checkpoint, { ...checkpoint, sequence: 9, at: now + 1 }]);
    expect((await lastAuditCheckpoint(read))?.sequence).toBe(9);
    const key = {
      id: newId(),
      use: "audit",
      algorithm: "EdDSA",
      privateKey: "pem",
      createdAt: now,
      signsFrom: null,
      supersededAt: null,
    };
    await suite.metadata.write((write) => insertSigningKey(write, key));
    expect(await listAuditKeys(read)).toContainEqual({ id: key.id, privateKey: "pem" });
  });

  test("uses are added up by day, and listed with the last one", async () => {
    const use = {
      day: 100,
      principal: "user:1",
      permission: "pull",
      resource: "shop/app",
      resourceKeys: '["repository/1"]',
      projectId: "9",
      identity: "{}",
      count: 2,
    };
    for (const day of [100, 100, 101, 90]) {
      await suite.metadata.write((write) => addAuditUses(write, [{ ...use, day }]));
    }
    const { principal, permission, resource, resourceKeys, identity } = use;
    const listed = { principal, permission, resource, resourceKeys, identity, count: 6, lastDay: 101 };
    expect((await listAuditUses(suite.metadata.read, "9", 100, 10)).map(numbers)).toEqual([listed]);
    expect(await listAuditUses(suite.metadata.read, "8", 100, 10)).toEqual([]);
  });

  test("a pull is the first one once, until it is forgotten", async () => {
    const pull = { principal: "user:1", repositoryId: "1", digest: "sha256:1", at: now };
    const note = () => suite.metadata.write((write) => noteAuditPull(write, pull));
    expect([await note(), await note()]).toEqual([true, false]);
    await suite.metadata.write((write) => deleteOldAuditCounts(write, 101, now + 1));
    expect(await note()).toBe(true);
    expect((await listAuditUses(suite.metadata.read, "9", 0, 10)).map(({ count }) => Number(count))).toEqual([2]);
  });
}

/** Sums come from PostgreSQL as text. */
function numbers<T extends { count: unknown; lastDay: unknown }>(row: T) {
  return { ...row, count: Number(row.count), lastDay: Number(row.lastDay) };
}
