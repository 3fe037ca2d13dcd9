/** Upgrades and the way back, from the schema of every version that was released (released/, written by released/write.ts). */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { migrate, migrateBack, migrations } from "../../../src/storage/metadata/migrate.ts";
import type { OpenedSchema } from "../../../src/storage/metadata/opened-schema.ts";
import { openPostgresSchema } from "../../../src/storage/metadata/postgres-schema.ts";
import { openSqliteSchema } from "../../../src/storage/metadata/sqlite.ts";
import { type Bare, openBare } from "./bare-database.ts";
import { onEveryDatabase, type Place, type Suite } from "./databases.ts";

const released = join(import.meta.dir, "released");
const versions = [...new Glob("*.sqlite.sql").scanSync(released)]
  .map((file) => file.replace(".sqlite.sql", ""))
  .sort(Bun.semver.order);
const all = Object.keys(migrations);
const newest = all.at(-1) as string;
/** What the last release ended with. */
const lastReleased = readFileSync(join(released, `${versions.at(-1)}.sqlite.sql`), "utf8")
  .match(/(?<=into kysely_migration \(name, timestamp\) values \(')[^']+/g)
  ?.sort()
  .at(-1) as string;
/** Those that can be taken back one after the other, the last one first. */
const ways = all.toReversed().slice(
  0,
  all.toReversed().findIndex((name) => !migrations[name]?.down),
);

describe("migrations", () => {
  test("have a way back, every one since the last release and the last one of that", () => {
    const since = all.slice(all.indexOf(lastReleased));
    expect(since.length).toBeGreaterThan(0);
    expect(since.filter((name) => !migrations[name]?.down)).toEqual([]);
  });

  test("are tested from every version that the changelog says is released", () => {
    const changelog = readFileSync(join(import.meta.dir, "../../../CHANGELOG.md"), "utf8");
    const said = [...changelog.matchAll(/^## \[?(\d+\.\d+\.\d+)/gm)].map((match) => match[1] as string);
    expect(said.filter((version) => !versions.includes(version))).toEqual([]);
    expect(versions).toContain("0.1.0");
  });

  test("run in the order of their names, as they are kept", () => {
    expect(all).toEqual([...all].sort());
  });
});

onEveryDatabase({
  "a schema": (suite: Suite) => {
    /** Does something as the version whose last migration this was. */
    async function asVersion<Result>(last: string, work: () => Promise<Result>): Promise<Result> {
      const later = all.slice(all.indexOf(last) + 1).map((name) => [name, migrations[name]] as const);
      for (const [name] of later) delete migrations[name];
      try {
        return await work();
      } finally {
        for (const [name, migration] of later) if (migration) migrations[name] = migration;
      }
    }

    async function look<Result>({ address }: Place, work: (bare: Bare) => Promise<Result>): Promise<Result> {
      const bare = await openBare(suite.kind, address);
      return await work(bare).finally(() => bare.close());
    }

    const structureOf = (place: Place) => look(place, (bare) => bare.structure());
    const rowsOf = (place: Place) => look(place, (bare) => bare.rows());
    const open = async (place: Place) => await (await place.open()).close();

    async function onSchema<Result>({ address }: Place, work: (opened: OpenedSchema) => Promise<Result>) {
      const opened =
        suite.kind === "sqlite" ? openSqliteSchema(address, { readonly: false }) : await openPostgresSchema(address);
      return await work(opened).finally(() => opened.close());
    }

    const back = (place: Place) => onSchema(place, ({ db, dialect }) => migrateBack(db, { dialect }));
    /** Goes forward as far as a version goes that ends with this migration. */
    const forward = (place: Place, last: string) =>
      onSchema(place, ({ db, dialect }) => asVersion(last, () => migrate(db, { dialect })));

    /** The schema at the end of each migration from one on, as it comes to be in an empty database. */
    async function structuresFrom(first: string): Promise<Record<string, unknown>> {
      const place = await suite.newPlace();
      const found: Record<string, unknown> = {};
      for (const name of all.slice(all.indexOf(first))) {
        await forward(place, name);
        found[name] = await structureOf(place);
      }
      return found;
    }

    async function load(version: string): Promise<Place> {
      const place = await suite.newPlace();
      const text = readFileSync(join(released, `${version}.${suite.kind}.sql`), "utf8");
      await look(place, (bare) => bare.run(text));
      return place;
    }

    test.each(versions)(
      "of %s goes up to this version and back, and keeps every row",
      async (version) => {
        const place = await load(version);
        const [structure, rows] = [await structureOf(place), await rowsOf(place)];
        expect(Object.entries(rows).filter(([, kept]) => kept.length === 0)).toEqual([]);
        const had = await migrationsOf(place);
        await open(place);
        expect(onlyWhatIsIn(rows, await rowsOf(place))).toEqual(rows);
        expect(await structureOf(place)).toEqual((await structuresFrom(newest))[newest]);
        while ((await migrationsOf(place)).length > had.length) await back(place);
        expect(await structureOf(place)).toEqual(structure);
        expect(await rowsOf(place)).toEqual(rows);
        await open(place);
        expect(onlyWhatIsIn(rows, await rowsOf(place))).toEqual(rows);
      },
      60_000,
    );

    test("goes one migration back and up again, as often as there is a way, and keeps every other row", async () => {
      const place = await load(versions.at(-1) as string);
      await open(place);
      const structures = await structuresFrom(all[all.indexOf(ways.at(-1) as string) - 1] as string);
      expect(ways.length).toBeGreaterThan(3);
      for (const name of ways) {
        const before = await rowsOf(place);
        expect(await back(place)).toEqual([name]);
        const after = await rowsOf(place);
        expect(onlyWhatIsIn(after, before)).toEqual(after);
        expect(await structureOf(place)).toEqual(structures[all[all.indexOf(name) - 1] as string]);
      }
      const rows = await rowsOf(place);
      await open(place);
      expect(await structureOf(place)).toEqual(structures[newest]);
      const { reviews = [], ...others } = onlyWhatIsIn(rows, await rowsOf(place));
      // The way forward has projects that are deleted looked at once more.
      const known: Rows = { ...others, reviews: reviews.filter(({ kind }) => kind !== "project") };
      expect(known).toEqual(rows);
    }, 120_000);

    test("of this version is refused by the version before, which finds nothing to do after the way back", async () => {
      const place = await load(versions.at(-1) as string);
      await open(place);
      const before = all.at(-2) as string;
      await expect(forward(place, before)).rejects.toThrow(newest);
      await back(place);
      expect(await forward(place, before)).toEqual([]);
      expect((await migrationsOf(place)).at(-1)).toBe(before);
    }, 60_000);

    test.each([
      [
        "a move is under way",
        "0016-move",
        `insert into moves (side, state) values ('source', '{"phase":"following"}')`,
        "moves from this",
      ],
      [
        "an installation is being moved here",
        "0016-move",
        `update moves set state = '{"phase":"copying"}'`,
        "moves from this",
      ],
      [
        "an account is bound to workloads",
        "0015-identity",
        "update service_accounts set workloads = 'x', deleted_at = null where id like '%.1'",
        "is bound to workloads",
      ],
      ["it has no way back", "0009-audit", "", "0009-audit cannot be taken back"],
    ])(
      "is not taken back where %s, and stays as it was",
      async (_, name, statement, reason) => {
        const place = await load("0.1.0");
        while ((await migrationsOf(place)).at(-1) !== name) await back(place);
        if (statement) await look(place, (bare) => bare.run(statement));
        const [structure, rows] = [await structureOf(place), await rowsOf(place)];
        const refused = back(place);
        await expect(refused).rejects.toThrow(reason);
        await expect(refused).rejects.toMatchObject({ name: "NoWayBackError", hint: expect.stringMatching(/\w/) });
        expect((await migrationsOf(place)).at(-1)).toBe(name);
        expect(await structureOf(place)).toEqual(structure);
        expect(await rowsOf(place)).toEqual(rows);
      },
      60_000,
    );

    async function migrationsOf(place: Place): Promise<string[]> {
      const rows = await look(place, (bare) => bare.run("select name from kysely_migration order by name"));
      return rows.map(({ name }) => String(name));
    }
  },
});

type Rows = Record<string, Record<string, unknown>[]>;

/** Of some rows, those tables and columns that others have, too: a migration may add more. */
function onlyWhatIsIn(others: Rows, rows: Rows): Rows {
  return Object.fromEntries(
    Object.entries(others).map(([table, [example]]) => {
      const columns = Object.keys(example ?? {});
      const kept = (rows[table] ?? []).map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
      return [table, kept];
    }),
  );
}
