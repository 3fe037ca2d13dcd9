import { expect, test } from "bun:test";
import { join } from "node:path";
import { sql } from "kysely";
import { findProject } from "../../../../src/storage/metadata/projects.ts";
import type { Place, Suite } from "../databases.ts";
import { addBlob, addManifest, addProject, addRepository } from "../fixtures.ts";

export function migrations(suite: Suite): void {
  /** Opens the place in a process of its own; answers what that said and how it ended. */
  async function openElsewhere({ address }: Place): Promise<{ code: number; out: string; err: string }> {
    const script = join(import.meta.dir, "..", "open-database.ts");
    const child = Bun.spawn([process.execPath, script, suite.kind, address], { stdout: "pipe", stderr: "pipe" });
    const [code, out, err] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
    return { code, out, err };
  }

  test("a database that is opened again has everything, also after many times", async () => {
    const place = await suite.newPlace();
    const first = await place.open();
    const project = await addProject(first);
    const repository = await addRepository(first);
    const [blob, manifest] = [await addBlob(first, repository), await addManifest(first, repository)];
    await first.close();
    for (let round = 0; round < 5; round++) {
      const again = await place.open();
      expect(await findProject(again.read, project.name)).toEqual(project);
      expect(await again.hot.blob(repository, blob)).toBeDefined();
      expect(await again.hot.manifest(repository, manifest)).toBeDefined();
      await again.close();
    }
  });

  // SQLite waits for another connection's lock without giving way to the event loop: one process opens a file once.
  if (suite.kind === "postgres") {
    test("two who open an empty database at once in one process both find it migrated", async () => {
      const place = await suite.newPlace();
      const both = await Promise.all([place.open(), place.open()]);
      const project = await addProject(both[0]);
      expect(await findProject(both[1].read, project.name)).toEqual(project);
      await addProject(both[1]);
      await Promise.all(both.map((metadata) => metadata.close()));
    });
  }

  test("processes that open an empty database at the same time all find it migrated once", async () => {
    for (let round = 0; round < 3; round++) {
      const place = await suite.newPlace();
      const ends = await Promise.all(Array.from({ length: 4 }, () => openElsewhere(place)));
      expect(ends).toEqual(Array(4).fill({ code: 0, out: "opened 1\n", err: "" }));
    }
  }, 60_000);

  test("a database of a newer Waybill is refused with a word on what to do, and left as it was", async () => {
    const place = await suite.newPlace();
    const metadata = await place.open();
    const project = await addProject(metadata);
    await metadata.write((write) =>
      sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2035-01-01T00:00:00.000Z')`.execute(
        write,
      ),
    );
    await metadata.close();

    const refused = place.open();
    await expect(refused).rejects.toThrow(/9999-later/);
    await expect(refused).rejects.toThrow(/newer/);
    const elsewhere = await openElsewhere(place);
    expect(elsewhere.code).toBe(1); // and it did end: nothing holds the process open
    expect(elsewhere.out).toBe("");
    expect(elsewhere.err).toContain("9999-later");

    await expect(place.open()).rejects.toThrow();
    const reader = await openRaw(place);
    expect(await reader(`select name from projects`)).toEqual([{ name: project.name }]);
  }, 60_000);

  test("a migration that fails half-way leaves nothing of itself", async () => {
    const place = await suite.newPlace();
    const run = await openRaw(place);
    await run("create table tags (in_the_way integer)");
    await expect(place.open()).rejects.toThrow(/tags/);
    await expect(run("select * from projects")).rejects.toThrow();
    await run("drop table tags");
    const metadata = await place.open();
    await addProject(metadata);
    await metadata.close();
  });

  /** Runs statements past Waybill, each over a connection of its own. */
  async function openRaw({ address }: Place): Promise<(statement: string) => Promise<unknown[]>> {
    if (suite.kind === "sqlite") {
      const { Database } = await import("bun:sqlite");
      return async (statement) => {
        const database = new Database(address, { create: true });
        try {
          return database.query(statement).all();
        } finally {
          database.close();
        }
      };
    }
    const pg = await import("pg");
    return async (statement) => {
      const client = new pg.Client({ connectionString: address });
      await client.connect();
      try {
        return (await client.query(statement)).rows;
      } finally {
        await client.end();
      }
    };
  }
}
