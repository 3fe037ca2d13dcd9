/**
 * What one operation costs a node, PostgreSQL and a bucket, what every statement reads as the tables grow, and what that
 * comes to for 10^3, 10^6 and 10^9 pulls a day and 10^9 blobs: docs/scale.md.
 *
 * Rows, pages, statements and requests are counted, so a busy machine does not change them; CPU seconds are the process's own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startPostgres } from "../test/postgres.ts";
import { sharedRadosgw } from "../test/radosgw.ts";
import { machine } from "./measure.ts";
import { rounded } from "./registry/comparison.ts";
import { countStatements } from "./scale/count-statements.ts";
import { type CountedNode, startCountedNode } from "./scale/counted-node.ts";
import { type Explained, explain, tableSizes } from "./scale/explain.ts";
import { fillDatabase } from "./scale/fill.ts";
import { forward } from "./scale/forward.ts";
import { assumptions, capacity, depthAt, type OperationCost } from "./scale/model.ts";
import type { Counted } from "./scale/node.ts";
import {
  createProject,
  exchangeToken,
  layersPerImage,
  lookAround,
  type PushedImage,
  pull,
  push,
  remove,
} from "./scale/operations.ts";
import { askUpkeep } from "./scale/upkeep.ts";

type Line = Readonly<Record<string, unknown>>;

/** The model's target. */
const blobsAimed = 1e9;
const project = "scale";
const repository = `${project}/app`;
const hotTables = [
  "objects",
  "blobs",
  "blob_links",
  "project_blobs",
  "manifests",
  "manifest_references",
  "tags",
  "tag_history",
  "repositories",
  "name_ends",
];
const settleMilliseconds = 3_000;
const idleSeconds = 10;
/** One more level of an index, on each of a few: not what breaks. */
const pagesOfNoise = 8;
const listedMax = 12;
/** Of an index whose keys are digests: 8 KiB, two thirds full, 90 bytes an entry. */
const entriesPerPage = 60;

countStatements();

export async function* lines({ quick }: { quick: boolean }): AsyncGenerator<Line> {
  const sizes = quick ? [10_000, 20_000] : sizesOf(process.env.WAYBILL_SCALE_BLOBS ?? "100000,1000000");
  const folder = mkdtempSync(join(tmpdir(), "waybill-scale-"));
  const [database, s3] = [await startPostgres(), await sharedRadosgw()];
  const store = await forward(s3.endpoint);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const blobs = `s3://${await s3.bucket()}/scale?endpoint=${store.endpoint}`;
    await using node = await startCountedNode(
      folder,
      ["--database", database.url, "--blobs", blobs, "--redirect-blobs"],
      store.endpoint,
      s3.env,
    );
    await createProject(node, project);
    yield* measured(node, client, quick ? 5 : 20);
    yield* grown(node, client, sizes, database.url);
  } finally {
    store.close();
    await client.end();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `WAYBILL_SCALE_BLOBS=100000,1000000,10000000`: multiples of 500. Ten million take 25 GB and half an hour. */
function sizesOf(text: string): number[] {
  return text.split(",").map(Number);
}

/** Part one: each operation, counted. */
async function* measured(node: CountedNode, client: pg.Client, times: number): AsyncGenerator<Line> {
  const images: PushedImage[] = [];
  for (let time = 0; time < 3; time++) images.push(await push(node, repository));
  await pull(node, images[0] as PushedImage);
  const idle = await costOf(node, client, 1, () => Bun.sleep(idleSeconds * 1000), nothing);
  const costs: Record<string, OperationCost> = {};
  const pushed: PushedImage[] = [];
  const operations: readonly [string, (time: number) => Promise<unknown>][] = [
    ["token exchange", () => exchangeToken(node, repository, "pull")],
    ["push of an image", async () => pushed.push(await push(node, repository))],
    ["pull of an image", (time) => pull(node, pushed[time] ?? (images[0] as PushedImage))],
  ];
  for (const [what, run] of operations) {
    const cost = await costOf(node, client, times, run, idle);
    costs[what] = cost;
    const store = Object.fromEntries(Object.entries(cost.store).map(([method, count]) => [method, rounded(count)]));
    yield {
      what,
      times,
      layers: layersPerImage,
      cpuMilliseconds: rounded(cost.cpuSeconds * 1000),
      statements: rounded(cost.statements),
      rowsRead: rounded(cost.rowsRead),
      rowsWritten: rounded(cost.rowsWritten),
      pages: rounded(cost.pages),
      store,
      storeBytesSent: Math.round(cost.storeBytesSent),
      machine: machine(),
    };
  }
  yield {
    what: "an idle second",
    cpuMilliseconds: rounded((idle.cpuSeconds * 1000) / idleSeconds),
    statements: rounded(idle.statements / idleSeconds),
    pages: rounded(idle.pages / idleSeconds),
  };
  const [pullCost, pushCost] = [costs["pull of an image"], costs["push of an image"]];
  if (!pullCost || !pushCost) throw new Error("nothing was measured");
  for (const pullsPerDay of [1e3, 1e6, 1e9]) {
    const measuredCosts = { pull: pullCost, push: pushCost, blobsPerImage: layersPerImage + 1 };
    const { dollarsPerMonth, ...rest } = capacity(pullsPerDay, measuredCosts, assumptions);
    const figures = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, rounded(value)]));
    const dollars = Object.fromEntries(Object.entries(dollarsPerMonth).map(([name, value]) => [name, rounded(value)]));
    yield { what: "capacity", ...figures, dollarsPerMonth: dollars, assumptions };
  }
}

interface Cost extends OperationCost {
  readonly rowsRead: number;
  readonly storeBytesSent: number;
}

const nothing: Cost = {
  cpuSeconds: 0,
  statements: 0,
  pages: 0,
  rowsRead: 0,
  rowsWritten: 0,
  store: {},
  storeBytesSent: 0,
};

/** Counts what `times` runs do, without what the server does by itself in that time, and divides. */
async function costOf(
  node: CountedNode,
  client: pg.Client,
  times: number,
  run: (time: number) => Promise<unknown>,
  idle: Cost,
): Promise<Cost> {
  const before = await databaseCounts(client);
  const begun = performance.now();
  await node.count();
  for (let time = 0; time < times; time++) await run(time);
  const { cpuSeconds, statements, store, storeBytes } = await node.count();
  const seconds = (performance.now() - begun) / 1000;
  const after = await databaseCounts(client);
  // The database's counts have the wait in them, too.
  const all = seconds + settleMilliseconds / 1000;
  const each = (value: number, idleValue: number, during: number) =>
    Math.max(0, (value - (idleValue / idleSeconds) * during) / times);
  const count = statements.reduce((sum, statement) => sum + statement.count, 0);
  return {
    cpuSeconds: each(cpuSeconds, idle.cpuSeconds, seconds),
    statements: each(count, idle.statements, seconds),
    pages: each(after.pages - before.pages, idle.pages, all),
    rowsRead: each(after.rowsRead - before.rowsRead, idle.rowsRead, all),
    rowsWritten: each(after.rowsWritten - before.rowsWritten, idle.rowsWritten, all),
    store: Object.fromEntries(Object.entries(store).map(([method, requests]) => [method, requests / times])),
    storeBytesSent: storeBytes.sent / times,
  };
}

/** Of all user tables; connections hand over what they counted within seconds of their last statement. */
async function databaseCounts(client: pg.Client) {
  await Bun.sleep(settleMilliseconds);
  const { rows } = await client.query(
    `select coalesce(sum(coalesce(t.idx_tup_fetch, 0) + t.seq_tup_read), 0)::float8 as "rowsRead",
       coalesce(sum(t.n_tup_ins + t.n_tup_upd + t.n_tup_del), 0)::float8 as "rowsWritten",
       coalesce(sum(i.heap_blks_hit + i.heap_blks_read + coalesce(i.idx_blks_hit + i.idx_blks_read, 0)), 0)::float8 as pages
     from pg_stat_user_tables t join pg_statio_user_tables i using (relid)`,
  );
  return rows[0] as { rowsRead: number; rowsWritten: number; pages: number };
}

type Reading = Explained & { readonly blobs: number; readonly per: number };

/** Part two: everything that the server asked of the database, explained at each size. */
async function* grown(
  node: CountedNode,
  client: pg.Client,
  sizes: readonly number[],
  url: string,
): AsyncGenerator<Line> {
  const readings = new Map<string, Reading[]>();
  let filled = 0;
  for (const blobs of sizes) {
    await fillDatabase(client, filled, blobs);
    filled = blobs;
    await node.count();
    const statements = [...(await everything(node)).statements, ...(await askUpkeep(url))];
    for (const { text, values, count } of statements) {
      const explained = await explain(client, text, values);
      if (explained) readings.set(text, [...(readings.get(text) ?? []), { ...explained, blobs, per: count }]);
    }
    for (const size of await tableSizes(client, hotTables)) {
      const bytesPerBlob = rounded((size.tableBytes + size.indexBytes) / blobs);
      const at = blobsAimed / blobs;
      yield {
        what: "table",
        blobs,
        ...size,
        bytesPerBlob,
        depthAt1e9: depthAt(size.depth, size.rows, size.rows * at, entriesPerPage),
        gigabytesAt1e9: rounded(((size.tableBytes + size.indexBytes) * at) / 1e9),
        innerGigabytesAt1e9: rounded((size.indexBytes * at) / entriesPerPage / 1e9),
      };
    }
  }
  yield* verdicts(readings, sizes);
}

/** What clients and the server itself do within a while. */
async function everything(node: CountedNode): Promise<Counted> {
  const image = await push(node, repository);
  await pull(node, image);
  await lookAround(node, project, repository);
  const filled: PushedImage = { ...image, repository };
  await remove(node, filled);
  // The chores come by: garbage, samples, the audit log.
  await Bun.sleep(15_000);
  return await node.count();
}

/** Each statement that reads more as the tables grow; the worst first. */
async function* verdicts(
  readings: ReadonlyMap<string, readonly Reading[]>,
  sizes: readonly number[],
): AsyncGenerator<Line> {
  const compared = [...readings].flatMap(([text, each]) => {
    const [first, last] = [each[0], each.at(-1)];
    if (!first || !last || first.blobs === last.blobs) return [];
    const growth = last.pages / Math.max(first.pages, 1);
    // Pages as a power of the rows: 0 for a step into an index, 1 for reading it all.
    const power = Math.log(growth) / Math.log(last.blobs / first.blobs);
    const isGrowing = last.pages - first.pages >= pagesOfNoise && power > 0.1;
    const pagesAimed = last.pages * (blobsAimed / last.blobs) ** (isGrowing ? power : 0);
    return [{ text, each, last, power, isGrowing, pagesAimed }];
  });
  const worst = compared.sort((one, other) => other.pagesAimed - one.pagesAimed);
  for (const [index, { text, each, last, power, isGrowing, pagesAimed }] of worst.entries()) {
    if (index >= listedMax && !isGrowing) continue;
    yield {
      what: "statement",
      statement: text.replace(/\s+/g, " ").slice(0, 240),
      pages: Object.fromEntries(each.map(({ blobs, pages }) => [blobs, pages])),
      scans: last.scans,
      indexes: last.indexes,
      power: rounded(power),
      pagesAt1e9: rounded(pagesAimed),
      ...(index === 0 && { first: "the first to break" }),
    };
  }
  yield {
    what: "statements explained",
    count: compared.length,
    growing: worst.filter(({ isGrowing }) => isGrowing).length,
    sizes,
  };
}
