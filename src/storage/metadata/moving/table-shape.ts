import type { Run, Tables } from "./tables.ts";

/** One table as a move sees it. */
export interface TableShape {
  readonly name: string;
  /** Sorted: two databases name them in the order in which migrations added them. */
  readonly columns: readonly string[];
  /** The primary key's columns, in its order. */
  readonly key: readonly string[];
}

/** What belongs to the database itself: each has its own. */
const own: ReadonlySet<string> = new Set(["kysely_migration", "kysely_migration_lock", "moves", "move_changes"]);

/** Every table that moves, by name. It is read from the database, so that no table can be forgotten. */
export async function readShapes({ dialect, run }: Tables): Promise<TableShape[]> {
  const rows = await (dialect === "sqlite" ? sqliteColumns(run) : postgresColumns(run));
  const shapes = new Map<string, { column: string; position: number }[]>();
  for (const { table, column, position } of rows) {
    if (own.has(table)) continue;
    shapes.set(table, [...(shapes.get(table) ?? []), { column, position }]);
  }
  return [...shapes].map(([name, columns]) => {
    const key = columns.filter(({ position }) => position > 0).sort((a, b) => a.position - b.position);
    if (key.length === 0) throw new Error(`the table ${name} has no primary key`);
    return { name, columns: columns.map(({ column }) => column).sort(), key: key.map(({ column }) => column) };
  });
}

/** The migrations that a database has had; empty for one without any. */
export async function readMigrations({ dialect, run }: Pick<Tables, "dialect" | "run">): Promise<string[]> {
  const exists =
    dialect === "sqlite"
      ? "select 1 from sqlite_master where name = 'kysely_migration'"
      : "select 1 where to_regclass('kysely_migration') is not null";
  if ((await run(exists)).length === 0) return [];
  return (await run("select name from kysely_migration order by name")).map(({ name }) => String(name));
}

/** `position` counts the columns of the primary key from 1; 0 for all others. */
type Column = { table: string; column: string; position: number };

async function sqliteColumns(run: Run): Promise<Column[]> {
  return (await run(
    `select m.name as "table", c.name as "column", c.pk as position
     from sqlite_master m, pragma_table_info(m.name) c
     where m.type = 'table' and m.name not like 'sqlite_%' order by m.name, c.name`,
  )) as Column[];
}

async function postgresColumns(run: Run): Promise<Column[]> {
  return (await run(
    `select t.relname as "table", a.attname as "column",
            coalesce(array_position(i.indkey::int2[], a.attnum), -1) + 1 as position
     from pg_class t
     join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
     left join pg_index i on i.indrelid = t.oid and i.indisprimary
     where t.relkind = 'r' and t.relnamespace = current_schema()::regnamespace
     order by t.relname collate "C", a.attname collate "C"`,
  )) as Column[];
}

/** An identifier that may be a word of SQL: `use`, `key`. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quotedList(names: readonly string[]): string {
  return names.map(quoted).join(", ");
}
