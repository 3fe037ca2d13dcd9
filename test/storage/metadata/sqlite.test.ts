/** What only the embedded database must do: be durable by its own means, and survive SQLite's own ways to fail. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { findProject, insertProject, listProjects } from "../../../src/storage/metadata/projects.ts";
import type { Writer } from "../../../src/storage/metadata/schema.ts";
import { openSqlite } from "../../../src/storage/metadata/sqlite.ts";
import { addProject, projectRow } from "./fixtures.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-sqlite-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const newFile = () => join(folder, `${Bun.randomUUIDv7()}.db`);
const writer = (file: string, rounds: number, width: number) => [
  process.execPath,
  join(import.meta.dir, "acknowledge-writes.ts"),
  file,
  `${rounds}`,
  `${width}`,
];

test("more statements than are kept are answered all the same, in a transaction, too", async () => {
  const metadata = await openSqlite(newFile());
  const ask = (write: Writer, number: number) => sql<{ n: number }>`select ${sql.lit(number)} as n`.execute(write);
  await metadata.write(async (write) => {
    for (let round = 0; round < 2; round++)
      for (let number = 0; number < 900; number++) expect((await ask(write, number)).rows).toEqual([{ n: number }]);
    await insertProject(write, projectRow({ name: "kept" }));
  });
  expect(await findProject(metadata.read, "kept")).toBeDefined();
  await metadata.close();
});

test("a full database fails the change with that word, and works again when there is room", async () => {
  const metadata = await openSqlite(newFile());
  const pages = (limit: number) => metadata.write((write) => sql.raw(`pragma max_page_count=${limit}`).execute(write));
  await pages(1); // SQLite takes the present size for a smaller limit
  const rows = [projectRow(), projectRow({ displayName: "x".repeat(1_000_000) })] as const;
  const failed = metadata.write(async (write) => {
    for (const row of rows) await insertProject(write, row);
  });
  await expect(failed).rejects.toThrow(/full/);
  for (const row of rows) expect(await findProject(metadata.read, row.name)).toBeUndefined();
  await pages(1_000_000);
  await metadata.write((write) => insertProject(write, rows[1]));
  expect(await findProject(metadata.read, rows[1].name)).toEqual(rows[1]);
  await metadata.close();
});

test("a transaction that SQLite ended by itself fails with its first error", async () => {
  const metadata = await openSqlite(newFile());
  const project = projectRow();
  const failed = metadata.write(async (write) => {
    await insertProject(write, project);
    await sql`insert or rollback into versions (name, value) values ('policy', 1)`.execute(write);
  });
  await expect(failed).rejects.toThrow(/unique/i);
  expect(await findProject(metadata.read, project.name)).toBeUndefined();
  await addProject(metadata);
  await metadata.close();
});

test("a change that goes on after SQLite ended its transaction writes nothing more", async () => {
  const metadata = await openSqlite(newFile());
  const rows = [projectRow(), projectRow()] as const;
  const failed = metadata.write(async (write) => {
    await insertProject(write, rows[0]);
    await sql`insert or rollback into versions (name, value) values ('policy', 1)`.execute(write).catch(() => {});
    await insertProject(write, rows[1]).catch(() => {});
  });
  await expect(failed).rejects.toThrow();
  for (const row of rows) expect(await findProject(metadata.read, row.name)).toBeUndefined();
  await addProject(metadata);
  await metadata.close();
});

test("five hundred waiting writes are made in the order they were asked for", async () => {
  const metadata = await openSqlite(newFile());
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      metadata.write(async () => {
        order.push(index);
        if (index % 50 === 0) await Bun.sleep(1);
      }),
    ),
  );
  expect(order).toEqual(Array.from({ length: 500 }, (_, index) => index));
  await metadata.close();
});

test("what a process acknowledged before it was killed is there", async () => {
  for (const width of [1, 25]) {
    const file = newFile();
    const child = Bun.spawn(writer(file, 100_000, width), { stdout: "pipe", stderr: "inherit" });
    let said = "";
    for await (const chunk of child.stdout) {
      said += Buffer.from(chunk).toString();
      if (said.length > 4000) child.kill("SIGKILL");
    }
    expect(await child.exited).not.toBe(0);
    const metadata = await openSqlite(file);
    const names = new Set((await listProjects(metadata.read, "", 1_000_000)).map(({ name }) => name));
    const kept = said
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("kept "));
    expect(kept.length).toBeGreaterThan(100);
    expect(kept.filter((line) => !names.has(line.slice("kept ".length)))).toEqual([]);
    await addProject(metadata);
    await metadata.close();
  }
}, 30_000);

const canTrace = Bun.which("strace") !== null && Bun.spawnSync(["strace", "-o", "/dev/null", "true"]).exitCode === 0;
const why = canTrace ? "" : " (skipped: needs strace)";
if (!canTrace) console.error("skipped: needs strace: the order of SQLite's writes and syncs");
if (!canTrace && process.env.WAYBILL_REQUIRE_CLIENTS === "1") {
  test("strace is there, as WAYBILL_REQUIRE_CLIENTS=1 demands", () => {
    throw new Error("needs strace");
  });
}

describe.skipIf(!canTrace)(`as the kernel sees it${why}`, () => {
  /** The log's writes and syncs and the acknowledgements, in the order they happened. */
  async function trace(
    rounds: number,
    width: number,
    ...options: string[]
  ): Promise<{ file: string; events: string[] }> {
    const file = newFile();
    const output = `${file}.trace`;
    const calls = "trace=pwrite64,write,fsync,fdatasync";
    const command = ["strace", "-f", "-y", "-o", output, "-e", calls, ...options, ...writer(file, rounds, width)];
    const child = Bun.spawn(command, { stdout: "ignore", stderr: "inherit" });
    expect(await child.exited).toBe(0);
    const events: string[] = [];
    const syncing = new Set<string>();
    for (const line of (await Bun.file(output).text()).split("\n")) {
      const [thread = ""] = line.split(" ", 1);
      const said = /write\(1<.*"(opened|(?:kept|lost) [\d-]+)/.exec(line)?.[1];
      if (said) events.push(said);
      if (line.includes("-wal>") && line.includes("pwrite64(")) events.push("write");
      if (line.includes("-wal>") && line.includes("fdatasync(")) {
        events.push("sync begins");
        syncing.add(thread);
      }
      if (syncing.has(thread) && line.includes("fdatasync") && !line.includes("<unfinished")) {
        events.push("sync ends");
        syncing.delete(thread);
      }
    }
    return { file, events: events.slice(events.indexOf("opened") + 1) };
  }

  test("a write is acknowledged only after a sync that began when its last byte was written", async () => {
    const { events } = await trace(20, 1);
    let last: string[] = [];
    let acknowledged = 0;
    for (const event of events) {
      if (!event.startsWith("kept")) {
        last.push(event);
        continue;
      }
      expect(last.slice(-3)).toEqual(["write", "sync begins", "sync ends"]);
      last = [];
      acknowledged++;
    }
    expect(acknowledged).toBe(20);
  }, 60_000);

  test("a hundred writes at once share a few syncs", async () => {
    const { events } = await trace(1, 100);
    expect(events.filter((event) => event.startsWith("kept"))).toHaveLength(100);
    expect(events.filter((event) => event === "sync ends").length).toBeLessThan(50);
    const lastWrite = events.lastIndexOf("write", events.indexOf("kept 0-99"));
    const lastSync = events.indexOf("sync begins", lastWrite);
    expect(events.indexOf("sync ends", lastSync)).toBeLessThan(events.indexOf("kept 0-99"));
    expect(lastSync).toBeGreaterThan(lastWrite);
  }, 60_000);

  test("after one failed sync nothing is acknowledged until the database is opened again", async () => {
    // The first sync belongs to the opening.
    const { file, events } = await trace(10, 3, "-e", "inject=fdatasync:error=EIO:when=4");
    const said = events.filter((event) => /^(kept|lost)/.test(event));
    const firstLost = said.findIndex((event) => event.startsWith("lost"));
    expect(firstLost).toBeGreaterThan(0);
    expect(said.slice(firstLost).filter((event) => event.startsWith("kept"))).toEqual([]);

    const metadata = await openSqlite(file);
    for (const event of said.slice(0, firstLost)) {
      expect(await findProject(metadata.read, event.slice("kept ".length))).toBeDefined();
    }
    await addProject(metadata);
    await metadata.close();
  }, 60_000);
});
