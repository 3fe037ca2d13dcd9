import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { type Kysely, sql } from "kysely";
import type { Config } from "./config/config.ts";
import { externalDatabaseOf, metadataFileOf, objectsOf } from "./data-folder.ts";
import { openBlobs } from "./storage/blobs/open-blobs.ts";
import { isAddress } from "./storage/blobs/s3-address.ts";
import { databaseName } from "./storage/metadata/database-url.ts";
import { migrationNames } from "./storage/metadata/migrate.ts";
import type { Reader } from "./storage/metadata/schema.ts";
import { openSqliteReader } from "./storage/metadata/sqlite.ts";
import { countDeliveries } from "./storage/metadata/webhooks.ts";
import { readTls } from "./tls-setting.ts";

/** What was found about one thing that a server needs. */
export interface Finding {
  readonly check: "disk" | "clock" | "tls" | "database" | "store" | "queue";
  readonly status: "ok" | "warning" | "failed";
  readonly found: string;
  /** What mends it: a command where there is one. */
  readonly mend?: string;
}

const gibibyte = 1024 ** 3;
const [freeShareLow, freeShareMin] = [0.1, 0.03];
const dayMilliseconds = 24 * 60 * 60 * 1000;
const certificateDaysLow = 14;
/** Tokens are refused by clocks that differ by more than this. */
const skewMillisecondsMax = 5000;
const waitingMillisecondsMax = 60 * 60 * 1000;

/**
 * Looks at what the server of these settings needs, whether it runs or not. Changes nothing: the database is read only, and not
 * brought to this program's version.
 */
export async function checkServer(config: Config, now: () => number): Promise<Finding[]> {
  const found = [...diskFindings(config), ...tlsFindings(config, now())];
  const database = await openDatabase(config).catch((error: Error) => error);
  if (database instanceof Error) {
    const mend = config.database ? "see --database-file, and whether the database runs" : "waybill serve makes one";
    found.push({ check: "database", status: "failed", found: database.message, mend });
  } else {
    try {
      found.push(...(await databaseFindings(database.read, now)));
    } catch (error) {
      found.push({ check: "database", status: "failed", found: (error as Error).message, mend: "waybill verify" });
    } finally {
      await database.close();
    }
  }
  found.push(await storeFinding(config));
  return found;
}

function diskFindings({ data, blobs }: Config): Finding[] {
  const folders = [data, ...(blobs === undefined || isAddress(blobs) ? [] : [blobs])];
  return folders.filter(existsSync).map((folder): Finding => {
    const { bavail, blocks, bsize } = statfsSync(folder);
    const [free, share] = [bavail * bsize, blocks === 0 ? 1 : bavail / blocks];
    const text = `${(free / gibibyte).toFixed(1)} GiB free in ${folder} (${Math.floor(share * 100)} %)`;
    if (share > freeShareLow || free > 100 * gibibyte) return { check: "disk", status: "ok", found: text };
    const status = share < freeShareMin ? "failed" : "warning";
    return { check: "disk", status, found: text, mend: "waybill gc; waybill container cleanup --project=PROJECT" };
  });
}

function tlsFindings(config: Config, now: number): Finding[] {
  try {
    const tls = readTls(config);
    if (tls === undefined) return [{ check: "tls", status: "ok", found: "no certificates are set" }];
    return tls.certificates.map(({ file, endsAt }): Finding => {
      const days = Math.floor((endsAt - now) / dayMilliseconds);
      const text = days < 0 ? `${file} ended ${-days} days ago` : `${file} is good for ${days} days`;
      if (days >= certificateDaysLow) return { check: "tls", status: "ok", found: text };
      const mend = `renew ${file} in place: a running server takes it within seconds`;
      return { check: "tls", status: days < 0 ? "failed" : "warning", found: text, mend };
    });
  } catch (error) {
    return [{ check: "tls", status: "failed", found: (error as Error).message, mend: "waybill config check" }];
  }
}

interface OpenDatabase {
  readonly read: Reader;
  close(): Promise<void>;
}

async function openDatabase({ data, database }: Config): Promise<OpenDatabase> {
  if (database !== undefined) return await openPostgresReader(database.reveal());
  const external = externalDatabaseOf(data);
  if (external !== undefined) throw new Error(`${data} is of a node on ${external}, and no --database-file is set`);
  const file = metadataFileOf(data);
  if (!existsSync(file)) throw new Error(`${data} holds no installation`);
  const { read, close } = openSqliteReader(file);
  return { read, close: async () => close() };
}

async function openPostgresReader(url: string): Promise<OpenDatabase> {
  // Loaded only where it is used.
  const [kysely, { Pool }] = await Promise.all([import("kysely"), import("pg")]);
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 5000 });
  const read = new kysely.Kysely({ dialect: new kysely.PostgresDialect({ pool }) }) as unknown as Reader & {
    destroy(): Promise<void>;
  };
  try {
    await sql`select 1`.execute(read as unknown as Kysely<unknown>);
  } catch (error) {
    await read.destroy();
    throw new Error(
      `${databaseName(url)} does not answer: ${(error as Error).message || (error as { code?: string }).code}`,
    );
  }
  return { read, close: () => read.destroy() };
}

async function databaseFindings(read: Reader, now: () => number): Promise<Finding[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
    read as unknown as Kysely<unknown>,
  );
  const done = rows.map(({ name }) => name);
  const [missing, unknown] = [
    migrationNames.filter((name) => !done.includes(name)),
    done.filter((name) => !migrationNames.includes(name)),
  ];
  if (unknown.length > 0) {
    const found = `a newer Waybill brought it to ${unknown.at(-1)}`;
    return [
      { check: "database", status: "failed", found, mend: "start that version, or restore a backup: waybill restore" },
    ];
  }
  const version = missing.length > 0 ? `${missing.length} migrations are to be done` : `at ${done.at(-1)}`;
  const database: Finding =
    missing.length > 0
      ? { check: "database", status: "warning", found: version, mend: "waybill backup, then waybill serve" }
      : { check: "database", status: "ok", found: version };
  // A database of an earlier version has other tables.
  if (missing.length > 0) return [database];
  return [database, await clockFinding(read, now), await queueFinding(read, now())];
}

/** A clock that was behind and is set right is no trouble; one that goes back makes tokens and events of the future. */
async function clockFinding(read: Reader, now: () => number): Promise<Finding> {
  const row = await read
    .selectFrom("audit_entries")
    .select((of) => of.fn.max("at").as("at"))
    .executeTakeFirst();
  const ahead = Number(row?.at ?? 0) - now();
  if (ahead > skewMillisecondsMax) {
    const found = `this machine's clock is ${Math.round(ahead / 1000)} s behind what was already written down`;
    return { check: "clock", status: "failed", found, mend: "timedatectl set-ntp true" };
  }
  return { check: "clock", status: "ok", found: new Date(now()).toISOString() };
}

async function queueFinding(read: Reader, now: number): Promise<Finding> {
  const counts = await countDeliveries(read);
  const [waiting, dead] = [
    counts.reduce((sum, each) => sum + each.waiting, 0),
    counts.reduce((sum, each) => sum + each.dead, 0),
  ];
  const found = `${waiting} events wait, ${dead} were given up`;
  if (dead > 0) {
    return { check: "queue", status: "warning", found, mend: "waybill server webhooks dead-letters, then retry" };
  }
  const late = counts.some((each) => each.waiting > 0 && now - each.oldestAt > waitingMillisecondsMax);
  return late
    ? {
        check: "queue",
        status: "warning",
        found: `${found}; the oldest for more than an hour`,
        mend: "waybill server webhooks list",
      }
    : { check: "queue", status: "ok", found };
}

async function storeFinding(config: Config): Promise<Finding> {
  const place = config.blobs ?? objectsOf(config.data);
  try {
    if (isAddress(place)) {
      const store = await openBlobs(config, place, process.env);
      await store.stat("0".repeat(32));
      return { check: "store", status: "ok", found: "the store answers" };
    }
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK);
    return { check: "store", status: "ok", found: `${place} can be written` };
  } catch (error) {
    const mend = isAddress(place) ? "see --blobs, its credentials, and whether the store runs" : `ls -ld ${place}`;
    return { check: "store", status: "failed", found: (error as Error).message, mend };
  }
}
