import { type Change, forgetChanges, nextChanges } from "../../storage/metadata/moving/change-log.ts";
import { deleteKeys, type Key, keyOf, putRows, readKeys } from "../../storage/metadata/moving/rows.ts";
import type { Row } from "../../storage/metadata/moving/tables.ts";
import { copyObject, inParallel, type ObjectToCopy, requireGood } from "./copy-objects.ts";
import type { Move } from "./move.ts";

/** Little enough to be done within seconds where each blob is a request far away: a page is what a kill loses. */
const changesPerPage = 300;

/** Told which rows were brought up to date. */
export type OnApplied = (table: string, key: Key) => void;

/** Brings over what has changed since it was copied. Answers how many changes it found; 0 where nothing is left. */
export async function applyChanges(move: Move, onApplied: OnApplied = () => {}): Promise<number> {
  const changes = await nextChanges(move.source.tables, changesPerPage);
  if (changes.length > 0) await applyPage(move, changes, onApplied);
  return changes.length;
}

async function applyPage(move: Move, changes: readonly Change[], onApplied: OnApplied): Promise<void> {
  const { source, target, shapes } = move;
  const byTable = Map.groupBy(changes, ({ table }) => table);
  const now = new Map<string, readonly Row[]>();
  for (const shape of shapes) {
    const keys = distinct(byTable.get(shape.name) ?? []);
    if (keys.length > 0) now.set(shape.name, await readKeys(source.tables.run, shape, keys));
  }
  await moveObjects(move, distinct(byTable.get("objects") ?? []), now.get("objects") ?? []);
  await target.tables.change(async (run) => {
    // All go before any comes: a name may have passed from one row to another.
    for (const shape of shapes) await deleteKeys(run, shape, distinct(byTable.get(shape.name) ?? []));
    for (const shape of shapes) await putRows(run, shape, now.get(shape.name) ?? []);
  });
  for (const { table, key } of changes) onApplied(table, key);
  await forgetChanges(source.tables, changes);
}

/** Bytes before the rows that tell of them. */
async function moveObjects(move: Move, keys: readonly Key[], rows: readonly Row[]): Promise<void> {
  const { source, target, shapes, sameStore } = move;
  const [objects, blobs] = ["objects", "blobs"].map((name) => shapes.find((shape) => shape.name === name));
  if (sameStore || keys.length === 0 || !objects || !blobs) return;
  const there = new Set(rows.map((row) => String(keyOf(objects, row)[0])));
  for (const [key] of keys) if (!there.has(String(key))) await target.store.delete(String(key));
  await inParallel(rows, async ({ key, size }) => {
    const [blob] = await source.tables.run("select digest from blobs where object_key = ?", [key]);
    const object = { key: String(key), size: Number(size), digest: blob?.digest } as ObjectToCopy;
    await copyObject(move, object);
    await requireGood(move, object);
  });
}

function distinct(changes: readonly Change[]): Key[] {
  return [...new Map(changes.map(({ key }) => [JSON.stringify(key), key])).values()];
}
