/** A database past Waybill: its schema and rows as they lie there, to be compared. */
import { Database } from "bun:sqlite";
import pg from "pg";

export interface Bare {
  /** Runs statements; answers the rows of the last. */
  run(statements: string): Promise<Record<string, unknown>[]>;
  /** Every table with its columns, indexes, constraints, in a form that two equal schemas share. */
  structure(): Promise<unknown>;
  /** The rows of each table in an order that depends on nothing but them; not of the migrations' own. */
  rows(): Promise<Record<string, Record<string, unknown>[]>>;
  close(): Promise<void>;
}

/** @param address a file, or a connection string */
export async function openBare(kind: "sqlite" | "postgres", address: string): Promise<Bare> {
  return kind === "sqlite" ? openBareSqlite(address) : await openBarePostgres(address);
}

function openBareSqlite(file: string): Bare {
  const database = new Database(file, { create: true });
  database.run("pragma synchronous=off");
  const all = (statement: string) => database.query(statement).all() as Record<string, unknown>[];
  const tables = () =>
    all(
      "select name, wr from pragma_table_list where type = 'table' and schema = 'main' and name not like 'sqlite_%' order by name",
    );
  return {
    async run(statements) {
      if (!/^\s*select/i.test(statements)) {
        database.exec(`begin; ${statements}; commit`);
        return [];
      }
      return all(statements);
    },
    structure: async () =>
      tables().map(({ name, wr }) => ({
        table: name,
        withoutRowid: wr,
        columns: all(
          `select name, lower(type) as type, "notnull", dflt_value, pk from pragma_table_xinfo('${name}') order by cid`,
        ),
        references: all(`select * from pragma_foreign_key_list('${name}') order by "table", "from"`).map(
          ({ id: _, ...reference }) => reference,
        ),
        indexes: all(`select l.name, l."unique", l.partial, group_concat(i.name) as columns, m.sql
          from pragma_index_list('${name}') l join pragma_index_info(l.name) i
          left join sqlite_master m on m.name = l.name group by l.name order by l.name`),
      })),
    rows: async () =>
      ordered(
        tables().map(({ name }) => String(name)),
        async (name) => all(`select * from "${name}"`),
      ),
    close: async () => database.close(),
  };
}

async function openBarePostgres(url: string): Promise<Bare> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const run = async (statements: string) => {
    const answer: unknown = await client.query(statements);
    return ((Array.isArray(answer) ? answer.at(-1) : answer) as pg.QueryResult).rows;
  };
  return {
    run,
    structure: async () => ({
      columns: await run(`select table_name, column_name, data_type, collation_name, is_nullable, column_default
        from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position`),
      indexes: await run("select indexdef from pg_indexes where schemaname = 'public' order by indexname"),
      constraints: await run(`select conrelid::regclass::text as table, conname, pg_get_constraintdef(oid) as definition
        from pg_constraint where connamespace = 'public'::regnamespace order by 1, 2`),
    }),
    async rows() {
      const tables = await run("select tablename from pg_tables where schemaname = 'public'");
      return await ordered(
        tables.map(({ tablename }) => tablename).sort(),
        async (name) => await run(`select * from public."${name}"`),
      );
    },
    close: () => client.end(),
  };
}

async function ordered(names: string[], read: (name: string) => Promise<Record<string, unknown>[]>) {
  const found: Record<string, Record<string, unknown>[]> = {};
  for (const name of names) {
    if (name.startsWith("kysely_")) continue;
    const rows = (await read(name)).map((row) => ({ key: JSON.stringify(Object.entries(row).sort()), row }));
    found[name] = rows.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ row }) => row);
  }
  return found;
}
