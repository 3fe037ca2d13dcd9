import { expect, test } from "bun:test";
import { sql } from "kysely";
import { findProject, insertProject, listProjects } from "../../../../src/storage/metadata/projects.ts";
import type { Writer } from "../../../../src/storage/metadata/schema.ts";
import { insertUser } from "../../../../src/storage/metadata/users.ts";
import type { Suite } from "../databases.ts";
import { addProject, now, projectRow } from "../fixtures.ts";

export function transactions(suite: Suite): void {
  /** The connection is as good as new: the next change is committed, and nothing else with it. */
  async function expectUsable(): Promise<void> {
    const before = await listProjects(suite.metadata.read, "", 10_000);
    const project = await addProject(suite.metadata);
    const after = await listProjects(suite.metadata.read, "", 10_000);
    expect(after).toHaveLength(before.length + 1);
    expect(await findProject(suite.metadata.read, project.name)).toEqual(project);
  }

  test("write answers what the change answers, and the change sees its own rows", async () => {
    const project = projectRow();
    const answer = await suite.metadata.write(async (write) => {
      await insertProject(write, project);
      return findProject(write, project.name);
    });
    expect(answer).toEqual(project);
  });

  test("note answers what the change answers, is seen at once, and leaves nothing when it throws", async () => {
    const [project, other] = [projectRow(), projectRow()];
    const answer = await suite.metadata.note((write) => insertProject(write, project));
    expect(answer).toBe(true);
    expect(await findProject(suite.metadata.read, project.name)).toEqual(project);
    const reason = new Error("changed my mind");
    const failed = suite.metadata.note(async (write) => {
      await insertProject(write, other);
      throw reason;
    });
    expect(await failed.catch((error) => error)).toBe(reason);
    expect(await findProject(suite.metadata.read, other.name)).toBeUndefined();
    await expectUsable();
  });

  test("a change that throws leaves nothing, and its very error is passed on", async () => {
    const rows = [projectRow(), projectRow()];
    const reason = new Error("changed my mind");
    const failed = suite.metadata.write(async (write) => {
      for (const row of rows) await insertProject(write, row);
      throw reason;
    });
    expect(await failed.catch((error) => error)).toBe(reason);
    for (const row of rows) expect(await findProject(suite.metadata.read, row.name)).toBeUndefined();
    await expectUsable();
  });

  test("a change that throws before its first statement leaves the connection usable", async () => {
    for (const change of [
      () => Promise.reject(new Error("at once")),
      () => {
        throw new Error("not even a promise");
      },
    ]) {
      await expect(suite.metadata.write(change)).rejects.toThrow(/at once|not even/);
    }
    await expectUsable();
  });

  test.each([
    ["a unique violation", (write: Writer) => insertUser(write, { id: "one", email: "one@example.com" }, now)],
    [
      "a foreign key",
      (write: Writer) => sql`insert into repositories values ('r', 'eu', 'none', 'i', 0)`.execute(write),
    ],
    ["a missing table", (write: Writer) => sql`insert into no_such_table values (1)`.execute(write)],
    ["bad syntax", (write: Writer) => sql`insert insert`.execute(write)],
    ["a null", (write: Writer) => sql`insert into installation (key, value) values ('k', null)`.execute(write)],
    [
      "a statement that fails while it answers",
      (write: Writer) => sql`insert into installation values ('a', '1'), ('a', '2') returning key`.execute(write),
    ],
    [
      "a statement that fails half-way through its rows",
      (write: Writer) =>
        sql`insert into installation (key, value) values ('a', '1'), ('b', '2'), ('a', '3')`.execute(write),
    ],
  ])("a failing statement leaves nothing of its change: %s", async (_, fail) => {
    const metadata = suite.metadata;
    await metadata.write((write) => insertUser(write, { id: "one", email: "one@example.com" }, now)).catch(() => {});
    const project = projectRow();
    const failed = metadata.write(async (write) => {
      await insertProject(write, project);
      await fail(write);
    });
    await expect(failed).rejects.toThrow();
    expect(await findProject(metadata.read, project.name)).toBeUndefined();
    expect(await metadata.read.selectFrom("installation").selectAll().execute()).toEqual([]);
    await expectUsable();
  });

  test("a failing commit leaves nothing of its change, and says why", async () => {
    await suite.metadata.write((write) =>
      sql`create table chain (id integer primary key,
            parent integer references chain (id) deferrable initially deferred)`.execute(write),
    );
    const project = projectRow();
    const failed = suite.metadata.write(async (write) => {
      await insertProject(write, project);
      await sql`insert into chain values (1, 2)`.execute(write);
    });
    await expect(failed).rejects.toThrow(/foreign key/i);
    expect(await findProject(suite.metadata.read, project.name)).toBeUndefined();
    await expectUsable();
  });

  test("nobody sees a change before its end, and reads do not wait for it", async () => {
    const project = projectRow();
    const inserted = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const writing = suite.metadata.write(async (write) => {
      await insertProject(write, project);
      inserted.resolve();
      await mayEnd.promise;
    });
    await inserted.promise;
    expect(await findProject(suite.metadata.read, project.name)).toBeUndefined();
    expect(await suite.metadata.hot.projectId(project.name)).toBeUndefined();
    mayEnd.resolve();
    await writing;
    expect(await suite.metadata.hot.projectId(project.name)).toBe(project.id);
  });

  test("a hundred changes at once, every third of them failing: the others are whole, the failed left nothing", async () => {
    const pairs = Array.from({ length: 100 }, () => [projectRow(), projectRow()] as const);
    const outcomes = await Promise.allSettled(
      pairs.map(([one, two], index) =>
        suite.metadata.write(async (write) => {
          await insertProject(write, one);
          await Bun.sleep(index % 2);
          await insertProject(write, two);
          if (index % 3 === 0) throw new Error("every third");
          if (index % 3 === 1) await sql`select 1`.execute(write);
        }),
      ),
    );
    for (const [index, [one, two]] of pairs.entries()) {
      const kept = index % 3 !== 0;
      expect(outcomes[index]?.status).toBe(kept ? "fulfilled" : "rejected");
      expect(await findProject(suite.metadata.read, one.name)).toEqual(kept ? one : undefined);
      expect(await findProject(suite.metadata.read, two.name)).toEqual(kept ? two : undefined);
    }
  }, 30_000);

  test("a writer that is kept beyond its change refuses to write", async () => {
    let kept: Writer | undefined;
    await suite.metadata.write(async (write) => {
      kept = write;
    });
    const project = projectRow();
    await expect(insertProject(kept as Writer, project)).rejects.toThrow(/committed/);
    expect(await findProject(suite.metadata.read, project.name)).toBeUndefined();
  });

  test("what is asked for while the database closes is either kept whole or refused aloud", async () => {
    const place = await suite.newPlace();
    const metadata = await place.open();
    const rows = Array.from({ length: 60 }, () => [projectRow(), projectRow()] as const);
    const writes = rows.map(([one, two]) =>
      metadata.write(async (write) => {
        await insertProject(write, one);
        await insertProject(write, two);
      }),
    );
    const closed = metadata.close();
    await expect(metadata.write((write) => insertProject(write, projectRow({ name: "late" })))).rejects.toThrow(
      /closed/,
    );
    const outcomes = await Promise.allSettled(writes);
    await closed;

    const again = await place.open();
    for (const [index, pair] of rows.entries()) {
      const expected = outcomes[index]?.status === "fulfilled";
      for (const row of pair) expect((await findProject(again.read, row.name)) !== undefined).toBe(expected);
    }
    expect(await findProject(again.read, "late")).toBeUndefined();
    await again.close();
  }, 30_000);
}
