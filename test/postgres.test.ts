import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { Client } from "pg";
import { postgresMissing, startPostgres } from "./postgres.ts";

const missing = postgresMissing();

test.skipIf(missing !== undefined)(
  `startPostgres gives an empty database that is gone after stop${missing ? ` (${missing})` : ""}`,
  async () => {
    const postgres = await startPostgres();
    const client = new Client({ connectionString: postgres.url });
    try {
      await client.connect();
      const tables = await client.query(
        "select count(*)::int as count from information_schema.tables where table_schema = 'public'",
      );
      expect(tables.rows).toEqual([{ count: 0 }]);
      const folder = await client.query("show unix_socket_directories");
      await client.end();
      await postgres.stop();
      expect(existsSync(folder.rows[0].unix_socket_directories)).toBe(false);
      expect(new Client({ connectionString: postgres.url }).connect()).rejects.toThrow();
    } finally {
      await postgres.stop();
    }
  },
  60_000,
);

test.skipIf(missing !== undefined)(
  "two PostgreSQL run side by side",
  async () => {
    const both = await Promise.all([startPostgres(), startPostgres()]);
    expect(both[0].url).not.toBe(both[1].url);
    await Promise.all(both.map((postgres) => postgres.stop()));
  },
  60_000,
);
