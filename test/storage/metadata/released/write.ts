/**
 * Writes the schema of a version that is being released, with rows in every table, as the SQL that later versions are
 * tested against: `node bin/bun.js test/storage/metadata/released/write.ts VERSION`. What is there is never written again.
 */
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgres } from "../../../../src/storage/metadata/postgres.ts";
import { openSqlite } from "../../../../src/storage/metadata/sqlite.ts";
import { startPostgres } from "../../../postgres.ts";
import { type ShapedColumn, type ShapedTable, shapesOf } from "./shape.ts";

/** Values that mean something to a migration; all others only have to be there afterwards. */
const meaning: Readonly<Record<string, string>> = {
  "moves.side.1": "target",
  "moves.state.1": '{"phase":"done","installation":"11111111-1111-4111-8111-111111111111"}',
  "service_accounts.workloads.1": "",
  "service_accounts.workloads.2": "",
};
/** Tables that have their row from the start, or of which one row says enough. All others get two. */
const rowsOf: Readonly<Record<string, number>> = { versions: 0, moves: 1 };

const [version = ""] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error("which version?");
const folder = await mkdtemp(join(tmpdir(), "waybill-released-"));
const server = await startPostgres();
try {
  const file = join(folder, "metadata.sqlite");
  await (await openSqlite(file)).close();
  await (await openPostgres(server.url)).close();
  const database = new Database(file);
  const shapes = shapesOf(database);
  await write("sqlite", dumpSqlite(database, shapes));
  await write("postgres", await dumpPostgres(server.url, shapes));
  database.close();
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function write(kind: string, text: string): Promise<void> {
  const path = join(import.meta.dir, `${version}.${kind}.sql`);
  if (existsSync(path)) throw new Error(`${path} is there`);
  await Bun.write(path, text);
}

function dumpSqlite(database: Database, shapes: readonly ShapedTable[]): string {
  const statements = (type: string) =>
    database
      .query<{ sql: string }, []>(
        `select sql from sqlite_master where type = '${type}' and sql is not null and name not like 'sqlite_%' order by rowid`,
      )
      .all()
      .map(({ sql }) => `${sql};\n`);
  const had = database
    .query<{ name: string; timestamp: string }, []>("select * from kysely_migration order by 1")
    .all();
  const bytes = (hex: string) => `x'${hex}'`;
  return [
    ...statements("table"),
    "insert into versions (name, value) values ('policy', 1);\n",
    "insert into kysely_migration_lock (id, is_locked) values ('migration_lock', 0);\n",
    ...had.map(
      ({ name, timestamp }) => `insert into kysely_migration (name, timestamp) values ('${name}', '${timestamp}');\n`,
    ),
    ...inserts(shapes, bytes),
    ...statements("index"),
  ].join("");
}

async function dumpPostgres(url: string, shapes: readonly ShapedTable[]): Promise<string> {
  const { Client } = (await import("pg")).default;
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(inserts(shapes, (hex) => `'\\x${hex}'`).join(""));
  await client.end();
  const dump = Bun.spawn(["pg_dump", "--inserts", "--column-inserts", "--no-owner", "--no-privileges", url]);
  const [text, code] = await Promise.all([dump.stdout.text(), dump.exited]);
  if (code !== 0) throw new Error("pg_dump failed");
  // Settings of the session that loads it, comments, and commands of psql.
  return text
    .split("\n")
    .filter((line) => line !== "" && !/^(?:--|\\|SET |SELECT pg_catalog\.set_config)/.test(line))
    .map((line) => `${line}\n`)
    .join("");
}

function inserts(shapes: readonly ShapedTable[], bytes: (hex: string) => string): string[] {
  return shapes.flatMap(({ name, columns }) =>
    Array.from({ length: rowsOf[name] ?? 2 }, (_, index) => {
      const values = columns.map((column) => fieldOf(column, index + 1, bytes));
      return `insert into "${name}" (${columns.map((column) => `"${column.name}"`).join(", ")}) values (${values.join(", ")});\n`;
    }),
  );
}

/** In the first row every column has a value; in the second those that may be empty are. */
function fieldOf({ type, isNullable, origin }: ShapedColumn, row: number, bytes: (hex: string) => string): string {
  if (row > 1 && isNullable) return "null";
  const place = `${origin}.${row}`;
  if (type.includes("int")) return String(1000 + place.length * 10 + row);
  return type === "blob" ? bytes(Buffer.from(place).toString("hex")) : `'${meaning[place] ?? place}'`;
}
