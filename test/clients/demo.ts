/**
 * `npm run demo`: the five ways to authenticate, each with every real client on this machine, against a server in a throw-away folder.
 *
 * The last line is `N passed, N failed`, and the exit code says the same.
 */
import { checkClient } from "./image-client.ts";
import { missing, mustHave, type Need, skipText } from "./machine.ts";
import { ROWS, type Row, runRow } from "./ways.ts";
import { createWorld, type World } from "./world.ts";

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
await demonstrate(tally);
const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
console.log(`\n${tally.passed} passed, ${tally.failed} failed${skipped}`);
process.exit(tally.failed > 0 ? 1 : 0);

async function demonstrate(tally: Tally): Promise<void> {
  try {
    const started = performance.now();
    await using world = await createWorld();
    console.log(`server ${world.server.origin}, one project, two service accounts, ready after ${seconds(started)}`);
    console.log(`  ${world.writer.email} may push and pull, ${world.reader.email} may only pull\n`);
    for (const way of [1, 2, 3, 4, 5] as const) await demonstrateWay(way, world, tally);
  } catch (error) {
    tally.failed += 1;
    console.log(`failed: ${(error as Error).message}`);
  }
}

/** Every real client of this way, or the check client where there is none. */
async function demonstrateWay(way: Row["way"], world: World, tally: Tally): Promise<void> {
  const rows = ROWS.filter((row) => row.way === way);
  const real = rows.filter((row) => row.client !== checkClient);
  const possible = real.filter((row) => missing(row.needs).length === 0);
  for (const row of real) await demonstrateRow(row, missing(row.needs), world, tally);
  if (possible.length > 0) return;
  console.log(`way ${way}: no real client can run here; the built-in check client does on the wire what docker does`);
  for (const row of rows.filter(standsIn)) await demonstrateRow(row, [], world, tally);
}

function standsIn(row: Row): boolean {
  return row.client === checkClient && missing(row.needs).length === 0;
}

async function demonstrateRow(row: Row, lacking: readonly Need[], world: World, tally: Tally): Promise<void> {
  const expected = row.refusal ? "pull; push refused" : "push, pull";
  const line = `way ${row.way}  ${row.client.name.padEnd(12)}  ${`${row.what}: ${expected}`.padEnd(64)}`;
  if (lacking.length > 0) {
    tally[mustHave(lacking) ? "failed" : "skipped"] += 1;
    console.log(`${line}          ${skipText(lacking)}`);
    return;
  }
  const started = performance.now();
  const failure = await runRow(row, world).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  tally[failure ? "failed" : "passed"] += 1;
  console.log(`${line} ${seconds(started)}  ${failure ? `failed\n    ${indented(failure.message)}` : "passed"}`);
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`;
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n    ");
}
