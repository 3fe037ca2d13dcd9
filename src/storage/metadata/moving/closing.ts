import { quoted, type TableShape } from "./table-shape.ts";
import type { Run, Tables } from "./tables.ts";

const operations = ["insert", "update", "delete"] as const;

/** What a closed database answers; src/storage/storage-trouble.ts knows it again. */
export const closedMessage = "waybill: this database is closed, because the installation moves to other storage";
/** PostgreSQL's code for it: a class that nobody else uses. */
export const closedCode = "WB001";

/**
 * Lets nothing more be written, by whatever server: the database itself refuses. Resolves after every transaction that
 * had begun before; what is read later is final. May be called again.
 */
export async function closeToWrites(
  dialect: Tables["dialect"],
  run: Run,
  shapes: readonly TableShape[],
): Promise<void> {
  await openToWrites(dialect, run, shapes);
  if (dialect === "postgres") {
    await run(
      `create function move_closed() returns trigger language plpgsql as $waybill$
       begin raise exception '${closedMessage}' using errcode = '${closedCode}'; end $waybill$`,
    );
  }
  for (const { name } of shapes) {
    if (dialect === "postgres") {
      await run(
        `create trigger move_closed before insert or update or delete or truncate on ${quoted(name)}
         for each statement execute function move_closed()`,
      );
      continue;
    }
    for (const operation of operations) {
      await run(
        `create trigger ${triggerOf(name, operation)} before ${operation} on ${quoted(name)}
         begin select raise(abort, '${closedMessage}'); end`,
      );
    }
  }
}

export async function openToWrites(dialect: Tables["dialect"], run: Run, shapes: readonly TableShape[]): Promise<void> {
  for (const { name } of shapes) {
    if (dialect === "postgres") await run(`drop trigger if exists move_closed on ${quoted(name)}`);
    else for (const operation of operations) await run(`drop trigger if exists ${triggerOf(name, operation)}`);
  }
  if (dialect === "postgres") await run("drop function if exists move_closed()");
}

function triggerOf(table: string, operation: string): string {
  return quoted(`move_closed_${table}_${operation}`);
}
