import { quoted } from "./table-shape.ts";
import type { Run, Tables } from "./tables.ts";

/**
 * Takes the foreign keys off a PostgreSQL database, so that rows may come in any order, and answers the statements that
 * put them back. On SQLite the connection was told so when it was opened.
 */
export async function takeOffReferences(dialect: Tables["dialect"], run: Run): Promise<string[]> {
  if (dialect === "sqlite") return [];
  const found = await run(
    `select conname as name, conrelid::regclass::text as "table", pg_get_constraintdef(oid) as definition
     from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace order by conname`,
  );
  const back: string[] = [];
  for (const { name, table, definition } of found) {
    await run(`alter table ${table} drop constraint ${quoted(String(name))}`);
    back.push(`alter table ${table} add constraint ${quoted(String(name))} ${definition}`);
  }
  return back;
}

/** Puts them back; the database compares every row while it does. On SQLite it is asked to. Throws where one refers to nothing. */
export async function putBackReferences(
  dialect: Tables["dialect"],
  run: Run,
  statements: readonly string[],
): Promise<void> {
  for (const statement of statements) await run(statement);
  if (dialect === "postgres") return;
  const [dangling] = await run("pragma foreign_key_check");
  if (dangling) throw new Error(`a row of ${dangling.table} refers to a row of ${dangling.parent} that is not there`);
}

/** Lets numbers that the database gives out go on after the highest that was copied. SQLite does so by itself. */
export async function raiseSequences(dialect: Tables["dialect"], run: Run): Promise<void> {
  if (dialect === "sqlite") return;
  const columns = await run(
    `select table_name as "table", column_name as "column" from information_schema.columns
     where table_schema = current_schema() and column_default like 'nextval(%'`,
  );
  for (const { table, column } of columns) {
    const [of, value] = [quoted(String(table)), quoted(String(column))];
    await run(
      `select setval(pg_get_serial_sequence('${of}', '${column}'), coalesce(max(${value}), 0) + 1, false) from ${of}`,
    );
  }
}
