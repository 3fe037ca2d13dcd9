import { type Key, keyOf, readKeys, readPage, readRange, rowText } from "../../storage/metadata/moving/rows.ts";
import type { TableShape } from "../../storage/metadata/moving/table-shape.ts";
import type { Row } from "../../storage/metadata/moving/tables.ts";
import type { Move } from "./move.ts";

/** Rows to be looked at again once nothing is written any more. */
export class Suspects {
  readonly #keys = new Map<string, Map<string, Key>>();
  count = 0;

  add(table: string, key: Key): void {
    const keys = this.#keys.get(table) ?? new Map<string, Key>();
    this.#keys.set(table, keys);
    if (!keys.has(JSON.stringify(key))) this.count++;
    keys.set(JSON.stringify(key), key);
  }

  of(table: string): Key[] {
    return [...(this.#keys.get(table)?.values() ?? [])];
  }
}

const rowsPerPage = 500;
const manifestsPerPage = 50;

/** Compares every row of both databases. Those that differ may have changed a moment ago: they become suspects. */
export async function compareAll(move: Move, suspects: Suspects, total: number): Promise<number> {
  let compared = 0;
  for (const shape of move.shapes) {
    let after: Key | undefined;
    for (;;) {
      const { rows, last } = await comparePage(move, shape, after, suspects);
      compared += rows;
      move.onProgress("checking rows", Math.min(compared, total), total);
      if (!last) break;
      after = last;
    }
  }
  return compared;
}

/** Compares the suspects. Answers those that differ, in words. Nothing may be written meanwhile. */
export async function compareSuspects({ source, target, shapes }: Move, suspects: Suspects): Promise<string[]> {
  const wrong: string[] = [];
  const size = 1000;
  for (const shape of shapes) {
    const keys = suspects.of(shape.name);
    for (let start = 0; start < keys.length; start += size) {
      const page = keys.slice(start, start + size);
      const [ours, theirs] = await Promise.all([
        readKeys(source.tables.run, shape, page),
        readKeys(target.tables.run, shape, page),
      ]);
      for (const key of differing(shape, ours, theirs)) wrong.push(`${shape.name} ${JSON.stringify(key)}`);
    }
  }
  return wrong;
}

async function comparePage({ source, target }: Move, shape: TableShape, after: Key | undefined, suspects: Suspects) {
  const limit = shape.columns.includes("body") ? manifestsPerPage : rowsPerPage;
  const ours = await readPage(source.tables.run, shape, after, limit);
  const last = ours.length === limit ? keyOf(shape, ours.at(-1) ?? {}) : undefined;
  const theirs = await readRange(target.tables.run, shape, after, last);
  for (const key of differing(shape, ours, theirs)) suspects.add(shape.name, key);
  return { rows: ours.length, last };
}

/** The keys of rows that are in one of the two only, or not the same in both. */
function differing(shape: TableShape, ours: readonly Row[], theirs: readonly Row[]): Key[] {
  const left = new Map(theirs.map((row) => [JSON.stringify(keyOf(shape, row)), row]));
  const found: Key[] = [];
  for (const row of ours) {
    const text = JSON.stringify(keyOf(shape, row));
    const other = left.get(text);
    left.delete(text);
    if (!other || rowText(shape, other) !== rowText(shape, row)) found.push(keyOf(shape, row));
  }
  return [...found, ...[...left.values()].map((row) => keyOf(shape, row))];
}
