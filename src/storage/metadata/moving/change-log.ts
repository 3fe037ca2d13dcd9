import type { Key } from "./rows.ts";
import { quoted, type TableShape } from "./table-shape.ts";
import type { Run, Tables } from "./tables.ts";

/** A row that changed, came or went. */
export interface Change {
  readonly id: number;
  readonly table: string;
  readonly key: Key;
}

const operations = ["insert", "update", "delete"] as const;

/**
 * Has the database note each row that changes from now on, in the transaction that changes it. Triggers do that: the
 * servers that write need not know, whichever version they are and however many. May be called again.
 */
export async function followChanges({ dialect, change }: Tables, shapes: readonly TableShape[]): Promise<void> {
  await change(async (run) => {
    for (const shape of shapes) {
      await drop(dialect, run, shape);
      if (dialect === "sqlite") await followOnSqlite(run, shape);
      else await followOnPostgres(run, shape);
    }
  });
}

export async function stopFollowing(
  dialect: Tables["dialect"],
  run: Run,
  shapes: readonly TableShape[],
): Promise<void> {
  for (const shape of shapes) await drop(dialect, run, shape);
  await run("delete from move_changes");
}

/** The oldest changes that were not forgotten yet. */
export async function nextChanges({ run }: Tables, limit: number): Promise<Change[]> {
  const rows = await run(`select id, table_name, row_key from move_changes order by id limit ${limit}`);
  return rows.map(({ id, table_name, row_key }) => ({
    id: Number(id),
    table: String(table_name),
    key: JSON.parse(String(row_key)) as Key,
  }));
}

export async function countChanges({ run }: Tables): Promise<number> {
  return Number((await run("select count(*) as count from move_changes"))[0]?.count ?? 0);
}

/** One by one: a change with a lower number may have been committed meanwhile. */
export async function forgetChanges({ change }: Tables, changes: readonly Change[]): Promise<void> {
  const size = 500;
  await change(async (run) => {
    for (let start = 0; start < changes.length; start += size) {
      const ids = changes.slice(start, start + size).map(({ id }) => id);
      await run(`delete from move_changes where id in (${ids.map(() => "?").join(", ")})`, ids);
    }
  });
}

async function followOnSqlite(run: Run, { name, key }: TableShape): Promise<void> {
  const note = (row: "new" | "old") =>
    `insert into move_changes (table_name, row_key)
     values ('${name}', json_array(${key.map((column) => `${row}.${quoted(column)}`).join(", ")}));`;
  for (const operation of operations) {
    const notes = [...(operation === "insert" ? [] : [note("old")]), ...(operation === "delete" ? [] : [note("new")])];
    await run(
      `create trigger ${triggerOf(name, operation)} after ${operation} on ${quoted(name)} begin ${notes.join(" ")} end`,
    );
  }
}

async function followOnPostgres(run: Run, { name, key }: TableShape): Promise<void> {
  const note = (row: "new" | "old") =>
    `insert into move_changes (table_name, row_key)
     values ('${name}', jsonb_build_array(${key.map((column) => `${row}.${quoted(column)}`).join(", ")})::text);`;
  await run(
    `create function ${triggerOf(name)}() returns trigger language plpgsql as $waybill$
     begin
       if tg_op <> 'INSERT' then ${note("old")} end if;
       if tg_op <> 'DELETE' then ${note("new")} end if;
       return null;
     end $waybill$`,
  );
  await run(
    `create trigger ${triggerOf(name)} after insert or update or delete on ${quoted(name)}
     for each row execute function ${triggerOf(name)}()`,
  );
}

async function drop(dialect: Tables["dialect"], run: Run, { name }: TableShape): Promise<void> {
  if (dialect === "sqlite") {
    for (const operation of operations) await run(`drop trigger if exists ${triggerOf(name, operation)}`);
    return;
  }
  await run(`drop trigger if exists ${triggerOf(name)} on ${quoted(name)}`);
  await run(`drop function if exists ${triggerOf(name)}()`);
}

function triggerOf(table: string, operation?: string): string {
  return quoted(`move_follow_${table}${operation ? `_${operation}` : ""}`);
}
