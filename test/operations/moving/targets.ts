/** The places that installations are moved to: another folder, PostgreSQL beside a folder. */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { join } from "node:path";
import pg from "pg";
import { type Postgres, postgresMissing, startPostgres } from "../../postgres.ts";
import type { InstallationFolder } from "../installation-folder.ts";

export interface MoveTarget {
  /** The flags that move there. */
  readonly to: readonly string[];
  /** The flags that move away from there. */
  readonly from: readonly string[];
}

export function onEveryTarget(suite: (make: (it: InstallationFolder) => Promise<MoveTarget>) => void): void {
  describe("to a folder", () =>
    suite(async ({ folder }) => {
      const data = join(folder, "away");
      return { to: ["--to-data", data], from: ["--data", data] };
    }));

  const missing = postgresMissing();
  describe("to PostgreSQL", () => {
    if (missing) {
      test.skip(missing, () => {});
      return;
    }
    let server: Postgres;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server?.stop());
    suite(async ({ folder }) => {
      const name = `moved_${crypto.randomUUID().replaceAll("-", "")}`;
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      const blobs = join(folder, "blobs-away");
      return { to: ["--to-database", url.href, "--to-blobs", blobs], from: ["--database", url.href, "--blobs", blobs] };
    });
  });
}
