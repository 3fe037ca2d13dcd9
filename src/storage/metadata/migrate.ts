import type { Kysely } from "kysely";
import { type MigrationResultSet, Migrator } from "kysely/migration";
import * as first from "./migrations/0001-first.ts";
import * as garbage from "./migrations/0002-garbage.ts";
import * as imageTimes from "./migrations/0003-image-times.ts";
import * as rules from "./migrations/0004-rules.ts";
import * as upstreams from "./migrations/0005-upstreams.ts";
import * as people from "./migrations/0006-people.ts";
import * as federation from "./migrations/0007-federation.ts";
import * as access from "./migrations/0008-access.ts";
import * as audit from "./migrations/0009-audit.ts";
import * as registry from "./migrations/0011-registry.ts";
import * as consoleSamples from "./migrations/0012-console.ts";
import * as nodes from "./migrations/0013-nodes.ts";
import * as webhooks from "./migrations/0014-webhooks.ts";
import * as identity from "./migrations/0015-identity.ts";
import * as move from "./migrations/0016-move.ts";
import { NoWayBackError } from "./no-way-back.ts";

/** What a migration must know of the database it changes. */
export interface MigrationContext {
  readonly dialect: "sqlite" | "postgres";
}

/** One step of the schema. */
export interface Migration {
  up(db: Kysely<unknown>, context: MigrationContext): Promise<void>;
  /**
   * Takes it back, for a return to the version before. Throws NoWayBackError where what it added must not be lost. Those
   * since the last release have one (test/storage/metadata/migrate.test.ts).
   */
  down?(db: Kysely<unknown>, context: MigrationContext): Promise<void>;
  /** What is lost when it is taken back, in words; absent for nothing that anybody would miss. */
  readonly lost?: string;
}

/** In order. A test adds one, to be the next version. */
export const migrations: Record<string, Migration> = {
  "0001-first": first,
  "0002-garbage": garbage,
  "0003-image-times": imageTimes,
  "0004-rules": rules,
  "0005-upstreams": upstreams,
  "0006-people": people,
  "0007-federation": federation,
  "0008-access": access,
  "0009-audit": audit,
  "0011-registry": registry,
  "0012-console": consoleSamples,
  "0013-nodes": nodes,
  "0014-webhooks": webhooks,
  "0015-identity": identity,
  "0016-move": move,
};

/** Every migration that this program knows, in order. */
export const migrationNames: readonly string[] = Object.keys(migrations);

/**
 * Brings the schema to this program's version; answers what was done. Safe to call from several nodes at once. Throws when
 * one fails, or when the database is a newer program's.
 */
export async function migrate(db: Kysely<never>, context: MigrationContext): Promise<string[]> {
  return namesOf(await migratorOf(db, context).migrateToLatest());
}

/**
 * Takes the last migration back; answers its name. Throws NoWayBackError where it has no way back, or must not go it, and
 * whatever `migrate` throws. Nobody may be at work on the database: a server that starts migrates forward again.
 */
export async function migrateBack(db: Kysely<never>, context: MigrationContext): Promise<string[]> {
  return namesOf(await migratorOf(db, context).migrateDown());
}

function migratorOf(db: Kysely<never>, context: MigrationContext): Migrator {
  const getMigrations = async () =>
    Object.fromEntries(
      Object.entries(migrations).map(([name, migration]) => [
        name,
        {
          up: (handle: Kysely<unknown>) => migration.up(handle, context),
          down: async (handle: Kysely<unknown>) => {
            if (!migration.down) throw NoWayBackError.of(name);
            await migration.down(handle, context);
          },
        },
      ]),
    );
  return new Migrator({ db, provider: { getMigrations } });
}

function namesOf({ error, results = [] }: MigrationResultSet): string[] {
  if (error) throw refusalOfNewer(/previously executed migration (\S+) is missing/.exec(String(error))?.[1]) ?? error;
  return results.map(({ migrationName }) => migrationName);
}

/** The refusal of a database that holds a migration which this program does not know. */
export function refusalOfNewer(name: string | undefined): Error | undefined {
  const advice =
    "start that version or a later one, take the schema back with that version's waybill server migrate --back, " +
    "or restore a backup from before the upgrade";
  return name ? new Error(`a newer Waybill brought this database to ${name}: ${advice}`) : undefined;
}
