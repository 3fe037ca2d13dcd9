import { existsSync } from "node:fs";
import { sql } from "kysely";
import { DataFolderError, externalDatabaseOf, metadataFileOf, openDataFolder } from "./data-folder.ts";
import { DatabaseError } from "./database-setting.ts";
import { databaseName } from "./storage/metadata/database-url.ts";
import { migrate, migrateBack, migrations, refusalOfNewer } from "./storage/metadata/migrate.ts";
import { readMigrations } from "./storage/metadata/moving/table-shape.ts";
import { NoWayBackError } from "./storage/metadata/no-way-back.ts";
import type { OpenedSchema } from "./storage/metadata/opened-schema.ts";
import { openSqliteSchema } from "./storage/metadata/sqlite.ts";

/** What is to be done with the schema of an installation. */
export interface SchemaWish {
  /** Take the last migration back, instead of running those that are missing. */
  readonly back: boolean;
  /** Only say what would be done. */
  readonly dryRun: boolean;
  /** Go back though sessions are open on an external database that may be a server's. */
  readonly force: boolean;
}

export interface SchemaReport {
  readonly direction: "forward" | "back";
  readonly dryRun: boolean;
  /** What was done, or would be, in its order; `lost` says in words what is lost by going back. */
  readonly migrations: readonly { readonly name: string; readonly lost?: string }[];
  /** The last migration that the database has had, after that. */
  readonly schema: string;
}

/**
 * Shows or runs what brings an installation's schema to this program's version, or one migration back.
 *
 * Throws DataFolderError where there is no installation, or a server runs on it; DatabaseError where an external database
 * cannot be opened; NoWayBackError where going back is refused; an Error for the database of a newer program.
 */
export async function migrateSchema(
  data: string,
  database: string | undefined,
  wish: SchemaWish,
): Promise<SchemaReport> {
  if (database !== undefined) {
    if (existsSync(metadataFileOf(data)))
      throw new DataFolderError(`${data} holds an installation of its own: name another --data, or no database`);
    const opened = await openExternalSchema(database);
    return await work(opened, wish).finally(() => opened.close());
  }
  const external = externalDatabaseOf(data);
  if (external !== undefined)
    throw new DataFolderError(`${data} is of a node on ${external}: give --database-file, or set WAYBILL_DATABASE`);
  const file = metadataFileOf(data);
  if (!existsSync(file)) throw new DataFolderError(`${data} holds no installation`);
  const folder = wish.dryRun ? undefined : openDataFolder(data);
  try {
    const opened = openSqliteSchema(file, { readonly: wish.dryRun });
    return await work(opened, wish).finally(() => opened.close());
  } finally {
    folder?.release();
  }
}

async function openExternalSchema(url: string): Promise<OpenedSchema> {
  // Loaded only where it is used.
  const { openPostgresSchema } = await import("./storage/metadata/postgres-schema.ts");
  return await openPostgresSchema(url).catch((error: Error & { code?: string }) => {
    const reason = error.message || error.code;
    throw new DatabaseError(`the database ${databaseName(url)} cannot be opened: ${reason}`, { cause: error });
  });
}

async function work(opened: OpenedSchema, { back, dryRun, force }: SchemaWish): Promise<SchemaReport> {
  const had = await migrationsOf(opened);
  if (had.length === 0)
    throw new DataFolderError("the database holds no installation: waybill serve makes one at its first start");
  const newer = refusalOfNewer(had.find((name) => !(name in migrations)));
  if (newer) throw newer;
  const { dialect, db } = opened;
  const planned = back ? had.slice(-1) : Object.keys(migrations).filter((name) => !had.includes(name));
  if (back) refuseWithoutWay(planned[0] ?? "");
  if (back && !dryRun) await refuseBesideOthers(opened, force);
  const done = dryRun ? planned : await (back ? migrateBack : migrate)(db, { dialect });
  const after = dryRun ? had : await migrationsOf(opened);
  return {
    direction: back ? "back" : "forward",
    dryRun,
    migrations: done.map((name) => {
      const lost = back ? migrations[name]?.lost : undefined;
      return lost === undefined ? { name } : { name, lost };
    }),
    schema: after.at(-1) ?? "",
  };
}

function refuseWithoutWay(name: string): void {
  if (!migrations[name]?.down) throw NoWayBackError.of(name);
}

async function refuseBesideOthers(opened: OpenedSchema, force: boolean): Promise<void> {
  const others = await opened.whoElse();
  if (others === "waybill")
    throw new NoWayBackError("a Waybill works on this database", "stop every node and every command, and try again");
  if (others === "sessions" && !force)
    throw new NoWayBackError(
      "other sessions are open on this database, which may be a server's",
      "stop every node; where the sessions are none of Waybill's, give --force",
    );
}

/** In their order. */
async function migrationsOf({ dialect, db }: OpenedSchema): Promise<string[]> {
  const run = async (statement: string) => (await sql.raw<Record<string, unknown>>(statement).execute(db)).rows;
  return await readMigrations({ dialect, run });
}
