import { invalidField } from "../api-error.ts";
import { decodeToken, encodeToken, parsePage } from "../page.ts";

/** What a listing may be filtered and sorted by: texts as the answer has them, times among them. */
export type Fields = Readonly<Record<string, string | number>>;

/** A listing in the order of its keys. */
export interface Listing<Row> {
  /** Rows after a key. */
  readonly read: (after: string, limit: number) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => string;
  readonly fieldsOf: (row: Row) => Fields;
  /** What there is to filter by; `annotations` are nothing's here. */
  readonly filterable: readonly string[];
  /** What there is to sort by, as its fields are called. */
  readonly sortable?: readonly string[];
}

interface Asked {
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
  readonly filter?: string | undefined;
  readonly orderBy?: string | undefined;
}

interface Order {
  readonly field: string;
  readonly descending: boolean;
}

const readAtOnce = 1000;
/** A page looks through so many and is then a short one, with a token for the rest (aip.dev/158). */
const lookedAtMax = 20_000;
/** To sort takes all of them at once. */
const sortedMax = 20_000;
const term = /^\s*([a-zA-Z_]+)\s*=\s*(?:"([^"]*)"|([^\s"]+))\s*$/;
const annotations = /^\s*"?annotations[.:]/i;

/**
 * A page of a listing, filtered and sorted as artifactregistry.v1 does: `name="projects/…/packages/my*"`, case ignored, `*` for any
 * text, terms joined by AND; `orderBy` one field, `desc` after it. Throws INVALID_ARGUMENT for what is not understood: a wrong
 * selection would be worse than none, and gcloud then chooses and sorts by itself.
 */
export async function selectPage<Row>(asked: Asked, limitMax: number, listing: Listing<Row>) {
  const order = parseOrder(asked.orderBy ?? "", listing.sortable ?? []);
  const matches = parseFilter(asked.filter ?? "", listing.filterable);
  const page = parsePage({ ...asked, pageToken: undefined }, limitMax);
  const wanted = (row: Row) => matches(listing.fieldsOf(row));
  return order && !(order.field === "name" && !order.descending)
    ? await sortedPage(listing, wanted, order, page.limit, asked.pageToken)
    : await keyPage(listing, wanted, page.limit, asked.filter ? readAtOnce : page.limit, asked.pageToken);
}

async function keyPage<Row>(
  { read, keyOf }: Listing<Row>,
  wanted: (row: Row) => boolean,
  limit: number,
  step: number,
  token: string | undefined,
) {
  const found: Row[] = [];
  let after = token ? decodeToken(token) : "";
  for (let lookedAt = 0; lookedAt < lookedAtMax; lookedAt += step) {
    const rows = await read(after, step);
    for (const row of rows) {
      after = keyOf(row);
      if (wanted(row)) found.push(row);
      if (found.length === limit) return { rows: found, nextPageToken: encodeToken(after) };
    }
    if (rows.length < step) return { rows: found };
  }
  return { rows: found, nextPageToken: encodeToken(after) };
}

async function sortedPage<Row>(
  { read, keyOf, fieldsOf }: Listing<Row>,
  wanted: (row: Row) => boolean,
  { field, descending }: Order,
  limit: number,
  token: string | undefined,
) {
  const all: { row: Row; key: string; value: string | number }[] = [];
  for (let after = "", more = true; more; ) {
    const rows = await read(after, readAtOnce);
    for (const row of rows.filter(wanted)) all.push({ row, key: keyOf(row), value: fieldsOf(row)[field] ?? "" });
    const last = rows.at(-1);
    more = rows.length === readAtOnce && last !== undefined;
    if (last !== undefined) after = keyOf(last);
    if (all.length > sortedMax) throw invalidField("orderBy", `sorts ${sortedMax} at most: choose fewer with a filter`);
  }
  const side = descending ? -1 : 1;
  type Place = { readonly key: string; readonly value: string | number };
  const compare = (one: Place, other: Place) =>
    one.value === other.value ? (one.key < other.key ? -1 : 1) : one.value < other.value ? -side : side;
  all.sort(compare);
  const last = token ? parsePlace(decodeToken(token)) : undefined;
  const rest = last ? all.filter((each) => each.key !== last.key && compare(each, last) > 0) : all;
  const some = rest.slice(0, limit);
  const end = some.at(-1);
  const next = rest.length > limit && end ? { nextPageToken: encodeToken(JSON.stringify([end.value, end.key])) } : {};
  return { rows: some.map(({ row }) => row), ...next };
}

function parsePlace(text: string): { value: string | number; key: string } {
  try {
    const [value, key] = JSON.parse(text) as [unknown, unknown];
    if ((typeof value === "string" || typeof value === "number") && typeof key === "string") return { value, key };
  } catch {}
  throw invalidField("pageToken", "is not one that this server gave for this order");
}

function parseFilter(text: string, filterable: readonly string[]): (fields: Fields) => boolean {
  if (text.trim() === "") return () => true;
  const terms = text.split(/\s+AND\s+/i).map((each) => {
    if (annotations.test(each)) return () => false;
    const [, name = "", quoted, plain = ""] = term.exec(each) ?? [];
    const field = filterable.find((known) => known === name.toLowerCase());
    if (field === undefined)
      throw invalidField("filter", `may be ${filterable.map((known) => `${known}="…"`).join(" AND ")}`);
    const pieces = decoded(quoted ?? plain)
      .toLowerCase()
      .split("*");
    return (fields: Fields) => fits(decoded(String(fields[field] ?? "")).toLowerCase(), pieces);
  });
  return (fields) => terms.every((matches) => matches(fields));
}

/** Whether a text is these pieces in this order, the first at its start and the last at its end. */
function fits(text: string, pieces: readonly string[]): boolean {
  const [first = "", ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at + last.length <= text.length;
}

function parseOrder(text: string, sortable: readonly string[]): Order | undefined {
  if (text.trim() === "") return undefined;
  const [, name = "", direction = "asc"] = /^\s*([a-zA-Z_]+)(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [];
  const plain = (each: string) => each.replaceAll("_", "").toLowerCase();
  const field = sortable.find((each) => plain(each) === plain(name));
  if (field !== undefined) return { field, descending: direction.toLowerCase() === "desc" };
  throw invalidField("orderBy", `is one of ${sortable.join(", ")}, and desc after it for the other way round`);
}

/** Names have an image's slashes as `%2F`; whoever writes a filter may write either. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
