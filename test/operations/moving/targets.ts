/** The places that installations are moved to: another folder, PostgreSQL beside a folder. */
import { afterAll, beforeAll, describe } from "bun:test";
import { join } from "node:path";
import { createDatabase, type Postgres, postgresMissing, startPostgres } from "../../postgres.ts";
import { type Radosgw, radosgwMissing, sharedRadosgw } from "../../radosgw.ts";
import { skipLoudly } from "../../skip-loudly.ts";
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
      skipLoudly(missing, "moving to PostgreSQL and S3");
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
      const database = await createDatabase(server.url, `moved_${crypto.randomUUID().replaceAll("-", "")}`);
      const blobs = s3 ? `s3://${await s3.bucket()}/moved?endpoint=${s3.endpoint}` : join(folder, "blobs-away");
      return {
        to: ["--to-database", database, "--to-blobs", blobs],
        from: ["--database", database, "--blobs", blobs],
        env: { ...s3?.env },
      };
    });
  });
}
