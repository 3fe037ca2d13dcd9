import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import type { Metadata } from "../../../src/storage/metadata/metadata.ts";
import type { Writer } from "../../../src/storage/metadata/schema.ts";
import { openSqlite } from "../../../src/storage/metadata/sqlite.ts";

// What may be said from memory hangs on this number: it must move with everything but what is listed here.
let folder: string;
let metadata: Metadata;
let other: Metadata;
const clock = { now: 0 };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "waybill-generation-"));
  metadata = await openSqlite(join(folder, "db"), () => clock.now);
  other = await openSqlite(join(folder, "db"), () => clock.now);
  const project = { id: "1", name: "shop", display_name: "", created_at: 1, deleted_at: null };
  await metadata.write((write) => write.insertInto("projects").values(project).execute());
  clock.now += 1;
  await metadata.write((write) => write.insertInto("installation").values({ key: "1", value: "a" }).execute());
});
afterAll(async () => {
  await metadata.close();
  await other.close();
  rmSync(folder, { recursive: true });
});

const version = (write: Writer) => write.updateTable("versions").set({ value: 2 });
const repository = (number: number) => ({
  id: `r${number}`,
  location: "default",
  project_id: "1",
  name: `app${number}`,
  created_at: 1,
});
const use = { account_id: "1", key_id: "2", way: "token", last_used_at: 3 };

describe("the generation of a SQLite database moves", () => {
  const decisive: Record<string, (write: Writer) => Promise<unknown>> = {
    "at an insert": (write) =>
      write.insertInto("installation").values({ key: crypto.randomUUID(), value: "a" }).execute(),
    "at an update": (write) => version(write).execute(),
    "at a delete": async (write) => {
      await write.insertInto("installation").values({ key: "gone", value: "a" }).execute();
      await write.deleteFrom("installation").where("key", "=", "gone").execute();
    },
    "where what is there may take the place of another": (write) =>
      write
        .insertInto("repositories")
        .values(repository(2))
        .onConflict((row) => row.columns(["location", "project_id", "name"]).doUpdateSet({ created_at: 2 }))
        .execute(),
    "where a row is replaced": (write) => write.replaceInto("repositories").values(repository(3)).execute(),
    "where something is deleted with an answer": async (write) => {
      const [{ id }] = [repository(4)];
      await write.replaceInto("repositories").values(repository(4)).execute();
      await write.deleteFrom("repositories").where("id", "=", id).returning("id").execute();
    },
    "where a row is added that decides": (write) =>
      write.insertInto("installation").values({ key: crypto.randomUUID(), value: "a" }).execute(),
    "at a statement by hand": (write) => sql`update versions set value = 3`.execute(write),
    "where one of several statements is decisive": async (write) => {
      await write.deleteFrom("credential_uses").execute();
      await version(write).execute();
      await write.deleteFrom("audit_uses").execute();
    },
  };
  for (const [when, change] of Object.entries(decisive)) {
    for (const how of ["write", "note"] as const) {
      test(`${when}, by ${how}`, async () => {
        const before = metadata.generation.now();
        await metadata[how](change);
        expect(metadata.generation.now()).not.toBe(before);
      });
    }
  }

  test("before anybody can read what was committed", async () => {
    const before = metadata.generation.now();
    const done = metadata.write(async (write) => {
      await write.updateTable("versions").set({ value: 77 }).execute();
    });
    for (let turns = 0; turns < 1000; turns++) {
      const isThere = (await metadata.hot.policyVersion()) === 77;
      if (isThere) expect(metadata.generation.now()).not.toBe(before);
      if (isThere) break;
      await new Promise(setImmediate);
    }
    expect(await metadata.hot.policyVersion()).toBe(77);
    await done;
  });

  test("when another process commits, a millisecond later at most", async () => {
    const before = metadata.generation.now();
    await other.write((write) => version(write).execute());
    clock.now += 1;
    expect(metadata.generation.now()).not.toBe(before);
  });
});

describe("it stays", () => {
  const quiet: Record<string, (write: Writer) => Promise<unknown>> = {
    "where something is only read": (write) => write.selectFrom("versions").selectAll().execute(),
    "where nothing is there to be changed": async (write) => {
      await version(write).where("value", "=", -1).execute();
      await write.deleteFrom("bindings").where("role", "=", "none").returning("role").execute();
      await write.deleteFrom("installation").where("key", "=", "none").execute();
    },
    "where something is added that nobody could have been answered with": (write) =>
      write
        .insertInto("repositories")
        .values(repository(1))
        .onConflict((row) => row.doNothing())
        .execute(),
    "where uses are counted": async (write) => {
      await write.insertInto("credential_uses").values(use).execute();
      await write.updateTable("credential_uses").set({ last_used_at: 4 }).execute();
      await write.deleteFrom("credential_uses").execute();
    },
  };
  for (const [when, change] of Object.entries(quiet)) {
    test(when, async () => {
      const before = metadata.generation.now();
      await metadata.write(change);
      clock.now += 10;
      expect(metadata.generation.now()).toBe(before as number);
    });
  }

  test("where a change is rolled back", async () => {
    const before = metadata.generation.now();
    const change = metadata.write(async (write) => {
      await version(write).execute();
      throw new Error("no");
    });
    await expect(change).rejects.toThrow("no");
    expect(metadata.generation.now()).toBe(before as number);
  });
});
