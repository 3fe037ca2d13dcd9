import { Database } from "bun:sqlite";

/**
 * Copies an embedded database as it is at one moment into a file of its own, while others go on writing it, and takes
 * out what only a running server needs: uploads that are under way, and bytes that wait for their removal.
 */
export function copySqlite(from: string, to: string): void {
  const source = new Database(from, { readonly: true });
  try {
    source.run("pragma busy_timeout=5000");
    source.query("vacuum into ?").run(to);
  } finally {
    source.close();
  }
  edit(to, (copy) => {
    // One file, whole in itself.
    copy.run("pragma journal_mode=delete");
    copy.run("begin");
    copy.run("delete from uploads");
    copy.run("delete from removed_objects");
    copy.run("update reviews set leased_until = 0");
    copy.run("commit");
  });
}

/** What SQLite finds wrong with a database; empty for one that is whole. */
export function checkSqlite(file: string): string[] {
  const database = new Database(file, { readonly: true });
  try {
    const rows = database.query("pragma integrity_check").all() as { integrity_check: string }[];
    const found = rows.map(({ integrity_check: text }) => text).filter((text) => text !== "ok");
    const dangling = database.query("pragma foreign_key_check").all().length;
    return dangling > 0 ? [...found, `${dangling} rows refer to what is not there`] : found;
  } catch (error) {
    return [(error as Error).message];
  } finally {
    database.close();
  }
}

/** What the original gave to browsers and programs: it is good there, and not in two places. In the order of references. */
const givenOut = ["refresh_tokens", "logins", "sessions", "one_time_codes", "device_codes"] as const;

/** What a restored installation is. */
export interface Restoration {
  readonly at: number;
  /** The id that it has from now on; absent where it goes on as the one that was backed up. */
  readonly newId?: string;
}

/** Marks a copy as restored, and refuses the blobs whose objects are damaged. */
export function markRestored(file: string, { at, newId }: Restoration, damagedDigests: readonly string[]): void {
  edit(file, (copy) => {
    copy.run("begin");
    const put = copy.query("insert or replace into installation (key, value) values (?, ?)");
    put.run("restoredAt", String(at));
    if (newId !== undefined) {
      put.run("id", newId);
      copy.run("update service_account_keys set origin = 'restored' where origin = 'generated'");
      // A backup of an earlier version has none of these tables yet.
      const tables = copy.query<{ name: string }, []>("select name from sqlite_master where type = 'table'").all();
      const isThere = new Set(tables.map(({ name }) => name));
      for (const table of givenOut) if (isThere.has(table)) copy.run(`delete from ${table}`);
    }
    const quarantine = copy.query("update blobs set quarantined_at = ? where digest = ? and quarantined_at is null");
    for (const digest of damagedDigests) quarantine.run(at, digest);
    copy.run("update versions set value = value + 1 where name = 'policy'");
    copy.run("commit");
  });
}

function edit(file: string, change: (database: Database) => void): void {
  const database = new Database(file);
  try {
    change(database);
  } finally {
    database.close();
  }
}
