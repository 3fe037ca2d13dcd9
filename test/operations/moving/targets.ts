/** The places that installations are moved to: another folder, PostgreSQL beside a folder. */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { join } from "node:path";
import pg from "pg";
import { type Postgres, postgresMissing, startPostgres } from "../../postgres.ts";
import { type Radosgw, radosgwMissing, sharedRadosgw } from "../../radosgw.ts";
import type { InstallationFolder } from "../installation-folder.ts";

export interface MoveTarget {
  /** The flags that move there. */
  readonly to: readonly string[];
  /** The flags that move away from there. */
  readonly from: readonly string[];
  /** What the command needs to be let in. */
  readonly env: Readonly<Record<string, string>>;
}

export function onEveryTarget(suite: (make: (it: InstallationFolder) => Promise<MoveTarget>) => void): void {
  describe("to a folder", () =>
    suite(async ({ folder }) => {
      const data = join(folder, "away");
      return { to: ["--to-data", data], from: ["--data", data], env: {} };
    }));

  const missing = postgresMissing();
  describe("to PostgreSQL and S3", () => {
    if (missing) {
      test.skip(missing, () => {});
      return;
    }
    let server: Postgres;
    let s3: Radosgw | undefined;
    beforeAll(async () => {
      server = await startPostgres();
      if (radosgwMissing() === undefined) s3 = await sharedRadosgw();
      else console.error(`${radosgwMissing()}: the blobs move to a folder instead`);
    }, 240_000);
    afterAll(() => server?.stop());
    suite(async ({ folder }) => {
      const database = await newDatabase(server.url);
      const blobs = s3 ? `s3://${await s3.bucket()}/moved?endpoint=${s3.endpoint}` : join(folder, "blobs-away");
      return {
        to: ["--to-database", database, "--to-blobs", blobs],
        from: ["--database", database, "--blobs", blobs],
        env: { ...s3?.env },
      };
    });
  });
}

/** An empty one; answers its URL. */
async function newDatabase(serverUrl: string): Promise<string> {
  const name = `moved_${crypto.randomUUID().replaceAll("-", "")}`;
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
