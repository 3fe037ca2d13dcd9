import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import pg from "pg";
import { runCli } from "../../src/cli/run.ts";
import { openDataFolder } from "../../src/data-folder.ts";
import { migrations } from "../../src/storage/metadata/migrate.ts";
import { openPostgres } from "../../src/storage/metadata/postgres.ts";
import { openSqlite } from "../../src/storage/metadata/sqlite.ts";
import { type Postgres, postgresMissing, startPostgres } from "../postgres.ts";
import { temporaryFolder } from "../system/running-server.ts";
import { context } from "./context.ts";

const [before, last] = Object.keys(migrations).slice(-2) as [string, string];

async function migrate(...argv: string[]) {
  const { it, said } = context({ env: { HOME: "/nonexistent" } });
  const exitCode = await runCli(["server", "migrate", ...argv], it);
  return { exitCode, ...said };
}

/** An installation that nobody runs. */
async function installation() {
  const folder = temporaryFolder();
  await (await openSqlite(join(folder.path, "metadata.sqlite"))).close();
  return folder;
}

describe("waybill server migrate", () => {
  test("has nothing to do on an installation of this version", async () => {
    using folder = await installation();
    expect(await migrate(`--data=${folder.path}`)).toEqual({
      exitCode: 0,
      stdout: `The schema is at ${last}.\n`,
      stderr: "",
    });
  });

  test("shows what it would do, takes the last migration back, and runs it again", async () => {
    using folder = await installation();
    const data = `--data=${folder.path}`;
    const json = async (...argv: string[]) => JSON.parse((await migrate(data, "--format=json", ...argv)).stdout);
    const step = { name: last, ...(migrations[last]?.lost ? { lost: migrations[last]?.lost } : {}) };
    const back = { direction: "back", migrations: [step] };
    expect(await json("--back", "--dry-run")).toEqual({ ...back, dryRun: true, schema: last });
    expect(await json("--back")).toEqual({ ...back, dryRun: false, schema: before });
    const forward = { direction: "forward", migrations: [{ name: last }] };
    expect(await json("--dry-run")).toEqual({ ...forward, dryRun: true, schema: before });
    expect((await migrate(data, "--dry-run")).stdout).toBe(`${last} would be run\nThe schema is at ${before}.\n`);
    expect(await json()).toEqual({ ...forward, dryRun: false, schema: last });
    expect((await migrate(data, "--back")).stdout).toStartWith(`${last} taken back`);
    await (await openSqlite(join(folder.path, "metadata.sqlite"))).close();
  });

  test("changes nothing while a server runs on the folder, but shows what it would do", async () => {
    using folder = await installation();
    const lock = openDataFolder(folder.path);
    const refused = await migrate(`--data=${folder.path}`, "--back");
    expect({ exitCode: refused.exitCode, stdout: refused.stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(refused.stderr).toMatch(
      /^waybill: error: --data: another server runs on .*\nwaybill: hint: stop the server/,
    );
    expect((await migrate(`--data=${folder.path}`, "--back", "--dry-run")).stdout).toStartWith(
      `${last} would be taken back`,
    );
    lock.release();
    expect((await migrate(`--data=${folder.path}`)).stdout).toBe(`The schema is at ${last}.\n`);
  });

  test("goes back only as far as there is a way, and says what to do then", async () => {
    using folder = await installation();
    let answer = await migrate(`--data=${folder.path}`, "--back");
    for (let left = 20; answer.exitCode === 0 && left > 0; left--)
      answer = await migrate(`--data=${folder.path}`, "--back");
    expect(answer).toMatchObject({ exitCode: 1, stdout: "" });
    expect(answer.stderr).toMatch(
      /^waybill: error: 0009-audit cannot be taken back: .*\nwaybill: hint: .*waybill restore\n$/,
    );
    expect((await migrate(`--data=${folder.path}`, "--back", "--dry-run")).exitCode).toBe(1);
  });

  test("refuses the database of a newer version, and says how it is taken back", async () => {
    using folder = await installation();
    const metadata = await openSqlite(join(folder.path, "metadata.sqlite"));
    const later = { name: "9999-later", timestamp: "2035-01-01T00:00:00.000Z" };
    await metadata.write((write) =>
      write
        .insertInto("kysely_migration" as never)
        .values(later as never)
        .execute(),
    );
    await metadata.close();
    for (const way of [[], ["--back"], ["--dry-run"]]) {
      const { exitCode, stderr } = await migrate(`--data=${folder.path}`, ...way);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("9999-later");
      expect(stderr).toContain("that version's waybill server migrate --back");
    }
  });

  test.each([
    ["a folder without an installation", ["--data=/nonexistent"], 1, "holds no installation"],
    ["--force without --back", ["--force"], 2, "--force is for going back"],
    ["a database that is none", ["--database=mysql://x/y"], 1, "--database"],
  ])("refuses %s", async (_, argv, code, reason) => {
    const { exitCode, stdout, stderr } = await migrate(...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
    expect(stderr).toContain(reason);
  });
});

describe.skipIf(postgresMissing() !== undefined)("waybill server migrate, on PostgreSQL", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);
  const onServer = (...argv: string[]) => migrate(`--database=${server.url}`, "--data=/nonexistent", ...argv);

  test("makes no installation where there is none", async () => {
    const { exitCode, stderr } = await onServer();
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("holds no installation"),
    });
  });

  test("goes back when no node runs, and not beside one, whatever is forced", async () => {
    const node = await openPostgres(server.url);
    for (const force of [[], ["--force"]]) {
      const { exitCode, stderr } = await onServer("--back", ...force);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^waybill: error: a Waybill works on this database\nwaybill: hint: stop every node/);
    }
    expect((await onServer("--back", "--dry-run")).stdout).toStartWith(`${last} would be taken back`);
    await node.close();

    const psql = new pg.Client({ connectionString: server.url });
    await psql.connect();
    const refused = await onServer("--back");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/other sessions are open .*\nwaybill: hint: .*--force/);
    const schema = async () => (await psql.query("select max(name) as last from kysely_migration")).rows[0].last;
    expect(await schema()).toBe(last);
    expect((await onServer("--back", "--force")).exitCode).toBe(0);
    expect(await schema()).toBe(before);
    await psql.end();

    expect((await onServer()).stdout).toBe(`${last} run\nThe schema is at ${last}.\n`);
    await waitForNobody();
    expect((await onServer("--back")).stdout).toStartWith(`${last} taken back`);
    await (await openPostgres(server.url)).close();
  }, 60_000);

  /** A session that was ended is seen for a moment longer. */
  async function waitForNobody(): Promise<void> {
    const watcher = new pg.Client({ connectionString: new URL("/template1", server.url).href });
    await watcher.connect();
    const others = "select 1 from pg_stat_activity where datname = $1 and backend_type = 'client backend'";
    const database = new URL(server.url).pathname.slice(1);
    while ((await watcher.query(others, [database])).rows.length > 0) await Bun.sleep(20);
    await watcher.end();
  }
});
