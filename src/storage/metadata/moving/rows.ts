import { quoted, quotedList, type TableShape } from "./table-shape.ts";
import type { Row, Run } from "./tables.ts";

/** A primary key's values, in its order. */
export type Key = readonly unknown[];

/** Both databases take a few ten thousand; short statements are parsed faster. */
const parametersMax = 8000;

export function keyOf({ key }: TableShape, row: Row): Key {
  return key.map((column) => row[column]);
}

/** The rows after a key in the key's order; from the first where there is none. */
export async function readPage(run: Run, shape: TableShape, after: Key | undefined, limit: number): Promise<Row[]> {
  const where = after ? `where ${beyond(shape, ">")}` : "";
  return await run(
    `select ${quotedList(shape.columns)} from ${quoted(shape.name)} ${where} ${order(shape)} limit ${limit}`,
    after,
  );
}

/** The rows after `after` up to and with `last`, where those are given. */
export async function readRange(
  run: Run,
  shape: TableShape,
  after: Key | undefined,
  last: Key | undefined,
): Promise<Row[]> {
  const bounds = [...(after ? [beyond(shape, ">")] : []), ...(last ? [beyond(shape, "<=")] : [])];
  const where = bounds.length > 0 ? `where ${bounds.join(" and ")}` : "";
  return await run(`select ${quotedList(shape.columns)} from ${quoted(shape.name)} ${where} ${order(shape)}`, [
    ...(after ?? []),
    ...(last ?? []),
  ]);
}

/** Those rows that are there. */
export async function readKeys(run: Run, shape: TableShape, keys: readonly Key[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const page of pages(keys, shape.key.length)) {
    const found = await run(
      `select ${quotedList(shape.columns)} from ${quoted(shape.name)} where ${among(shape, page)}`,
      page.flat(),
    );
    rows.push(...found);
  }
  return rows;
}

export async function deleteKeys(run: Run, shape: TableShape, keys: readonly Key[]): Promise<void> {
  for (const page of pages(keys, shape.key.length)) {
    await run(`delete from ${quoted(shape.name)} where ${among(shape, page)}`, page.flat());
  }
}

/** Puts rows in, over those with the same key. */
export async function putRows(run: Run, shape: TableShape, rows: readonly Row[]): Promise<void> {
  const { name, columns, key } = shape;
  const others = columns.filter((column) => !key.includes(column));
  const change = others.map((column) => `${quoted(column)} = excluded.${quoted(column)}`).join(", ");
  const conflict = `on conflict (${quotedList(key)}) do ${others.length === 0 ? "nothing" : `update set ${change}`}`;
  for (const page of pages(rows, columns.length)) {
    const places = page.map(() => `(${columns.map(() => "?").join(", ")})`).join(", ");
    await run(
      `insert into ${quoted(name)} (${quotedList(columns)}) values ${places} ${conflict}`,
      page.flatMap((row) => columns.map((column) => row[column])),
    );
  }
}

/** A row as a text that is equal where the row is, whichever database it comes from. */
export function rowText({ columns }: TableShape, row: Row): string {
  return JSON.stringify(
    columns.map((column) => {
      const value = row[column];
      return value instanceof Uint8Array ? `bytes:${Buffer.from(value).toString("base64")}` : (value ?? null);
    }),
  );
}

export async function countRows(run: Run, { name }: TableShape): Promise<number> {
  const [row] = await run(`select count(*) as count from ${quoted(name)}`);
  return Number(row?.count ?? 0);
}

function beyond({ key }: TableShape, comparison: ">" | "<="): string {
  return `(${quotedList(key)}) ${comparison} (${key.map(() => "?").join(", ")})`;
}

function order({ key }: TableShape): string {
  return `order by ${quotedList(key)}`;
}

/** Not `in ((…), (…))`: SQLite takes that from a list of values only, and PostgreSQL must know each value's type. */
function among({ key }: TableShape, keys: readonly Key[]): string {
  const one = `(${key.map((column) => `${quoted(column)} = ?`).join(" and ")})`;
  return keys.map(() => one).join(" or ");
}

/** SQLite's expressions are at most a thousand deep. */
const itemsMax = 200;

function* pages<Item>(items: readonly Item[], parametersEach: number): Generator<readonly Item[]> {
  const size = Math.max(1, Math.min(itemsMax, Math.floor(parametersMax / parametersEach)));
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
