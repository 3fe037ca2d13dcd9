import type { Kysely } from "kysely";
import { Migrator } from "kysely/migration";
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

/** What a migration must know of the database it changes. */
export interface MigrationContext {
  readonly dialect: "sqlite" | "postgres";
}

/** One step of the schema. */
export interface Migration {
  up(db: Kysely<unknown>, context: MigrationContext): Promise<void>;
  /** Takes it back, for a return to the version before; what it added is lost. */
  down?(db: Kysely<unknown>, context: MigrationContext): Promise<void>;
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
 * Brings the schema to this program's version. Safe to call from several nodes at once. Throws when one fails, or
 * when the database is a newer program's.
 */
export async function migrate(db: Kysely<never>, context: MigrationContext): Promise<void> {
  const provider = {
    getMigrations: async () =>
      Object.fromEntries(
        Object.entries(migrations).map(([name, migration]) => [
          name,
          { up: (handle: Kysely<unknown>) => migration.up(handle, context) },
        ]),
      ),
  };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw isOfNewer(error) ?? error;
}

/** The refusal of a database that holds a migration which this program does not know. */
function isOfNewer(cause: unknown): Error | undefined {
  const name = /previously executed migration (\S+) is missing/.exec(String(cause))?.[1];
  const advice = "start that version or a later one, or restore a backup from before the upgrade";
  return name ? new Error(`a newer Waybill brought this database to ${name}: ${advice}`, { cause }) : undefined;
}
