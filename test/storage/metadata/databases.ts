/** The databases that the contract of `Metadata` is kept on: SQLite in a temp folder, PostgreSQL in a throw-away server. */
import { afterAll, beforeAll, describe } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Metadata } from "../../../src/storage/metadata/metadata.ts";
import { openPostgres } from "../../../src/storage/metadata/postgres.ts";
import { openSqlite } from "../../../src/storage/metadata/sqlite.ts";
import { createDatabase, type Postgres, postgresMissing, startPostgres } from "../../postgres.ts";
import { skipLoudly } from "../../skip-loudly.ts";

export type Kind = Metadata["dialect"];

/** One database of its own, made for one suite. */
export interface Place {
  /** What `open` needs: a file or a connection string. */
  readonly address: string;
  /** Opens it; a second time as another node or a later start would. */
  open(): Promise<Metadata>;
}

/** A suite's database; place and metadata are there while its tests run. */
export interface Suite {
  readonly kind: Kind;
  readonly place: Place;
  readonly metadata: Metadata;
  /** Another one that nobody has opened yet. */
  newPlace(): Promise<Place>;
}

/** Runs every suite on every kind of database, each on an empty one. */
export function onEveryDatabase(suites: Readonly<Record<string, (suite: Suite) => void>>): void {
  describe("SQLite", () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "waybill-sqlite-"));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));
    describeAll("sqlite", suites, async (name) => {
      const file = join(folder, `${name}.db`);
      return { address: file, open: () => openSqlite(file) };
    });
  });

  const missing = postgresMissing();
  if (missing) {
    skipLoudly(missing, "the metadata contract on PostgreSQL");
    return;
  }
  describe("PostgreSQL", () => {
    let server: Postgres;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server?.stop(), 60_000);
    describeAll("postgres", suites, async (name) => {
      const url = await createDatabase(server.url, name);
      return { address: url, open: () => openPostgres(url) };
    });
  });
}

function describeAll(
  kind: Kind,
  suites: Readonly<Record<string, (suite: Suite) => void>>,
  createPlace: (name: string) => Promise<Place>,
): void {
  for (const [subject, suite] of Object.entries(suites)) {
    describe(subject, () => {
      let place: Place;
      let metadata: Metadata;
      let places = 0;
      const newPlace = () => createPlace(`${subject.replace(/\W/g, "_")}_${++places}`);
      beforeAll(async () => {
        place = await newPlace();
        metadata = await place.open();
      }, 60_000);
      afterAll(() => metadata?.close());
      suite({
        kind,
        newPlace,
        get place() {
          return place;
        },
        get metadata() {
          return metadata;
        },
      });
    });
  }
}
