import type { Database } from "bun:sqlite";

export interface ShapedColumn {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  /** `TABLE.COLUMN` whose values it takes: its own, or those that its foreign key leads to in the end. */
  readonly origin: string;
}

export interface ShapedTable {
  readonly name: string;
  readonly columns: readonly ShapedColumn[];
}

/** Every table that Waybill made, those first that others refer to. Both databases have the same. */
export function shapesOf(database: Database): ShapedTable[] {
  const all = (statement: string) => database.query(statement).all() as Record<string, string | number>[];
  const references = new Map<string, string>();
  const needs = new Map<string, Set<string>>();
  const names = all(
    "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like 'kysely_%' order by name",
  ).map(({ name }) => String(name));
  for (const name of names) {
    const keys = all(`select "from", "table", "to" from pragma_foreign_key_list('${name}')`);
    for (const { from, table, to } of keys) references.set(`${name}.${from}`, `${table}.${to}`);
    needs.set(name, new Set(keys.map(({ table }) => String(table)).filter((table) => table !== name)));
  }
  const originOf = (place: string): string => {
    const next = references.get(place);
    return next === undefined ? place : originOf(next);
  };
  const sorted: string[] = [];
  const visit = (name: string): void => {
    if (sorted.includes(name)) return;
    for (const needed of needs.get(name) ?? []) visit(needed);
    sorted.push(name);
  };
  names.forEach(visit);
  return sorted.map((name) => ({
    name,
    columns: all(`select name, lower(type) as type, "notnull", pk from pragma_table_info('${name}') order by cid`).map(
      (column) => ({
        name: String(column.name),
        type: String(column.type),
        isNullable: column.notnull === 0 && column.pk === 0,
        origin: originOf(`${name}.${column.name}`),
      }),
    ),
  }));
}
