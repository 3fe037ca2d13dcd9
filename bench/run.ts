/**
 * `npm run bench -- NAME [--quick]`: runs bench/NAME.ts and prints one JSON line per contender.
 *
 * A full run appends its lines to bench/results/NAME.jsonl, with the command that made them. `--quick` only shows that it works.
 */
import { appendFileSync, existsSync } from "node:fs";
import { loadavg } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { Glob } from "bun";
import { type Bench, machine, measure } from "./measure.ts";

/** What a bench's file exports, where one thing is done again and again. */
export type Open = (options: { quick: boolean }) => Promise<Bench>;
/** What it exports otherwise: each line as soon as it is known. */
type Lines = (options: { quick: boolean }) => AsyncIterable<Readonly<Record<string, unknown>>>;

const FRAME = new Set(["run", "measure"]);

const { positionals, values } = parseArgs({
  options: { quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const [name = ""] = positionals;
if (!benches().includes(name)) {
  console.error(
    `waybill: error: no bench ${name || "was named"}\nwaybill: hint: npm run bench -- ${benches().join("|")} [--quick]`,
  );
  process.exit(2);
}
await run(name, values.quick);

async function run(name: string, quick: boolean): Promise<void> {
  const { open, lines } = (await import(`./${name}.ts`)) as { open?: Open; lines?: Lines };
  const command = `npm run bench -- ${name}${quick ? " --quick" : ""}`;
  const date = new Date().toISOString().slice(0, 10);
  const goals: string[] = [];
  for await (const figures of lines?.({ quick }) ?? measured(open as Open, quick)) {
    goals.push(...goalsIn(figures));
    const line = JSON.stringify({ bench: name, ...figures, date, command });
    console.log(line);
    if (!quick) appendFileSync(join(import.meta.dir, "results", `${name}.jsonl`), `${line}\n`);
  }
  for (const goal of goals) console.error(goal);
}

/** What was set out to be reached, as a line for people. */
function goalsIn(figures: Readonly<Record<string, unknown>>): string[] {
  const { what, contender, setting, ratio, p99Ratio, growth, median, peak, goal, reached, p99Goal, p99Reached } =
    figures;
  const where = `${what}${setting ? ` (${setting})` : ""}${ratio === undefined ? "" : ` beside ${contender}`}`;
  const word = (isReached: unknown) => (isReached ? "reached" : "NOT REACHED");
  const lines: string[] = [];
  if (reached !== undefined)
    lines.push(`${word(reached)}: ${where}: ${ratio ?? growth ?? peak ?? median}, goal ${goal}`);
  if (p99Reached !== undefined) lines.push(`${word(p99Reached)}: ${where}: p99 ratio ${p99Ratio}, goal ${p99Goal}`);
  return lines;
}

async function* measured(open: Open, quick: boolean): AsyncGenerator<Readonly<Record<string, unknown>>> {
  await using bench = await open({ quick });
  const { what, unit } = bench;
  const figures = await measure(bench);
  const load = Number((loadavg()[0] ?? 0).toFixed(1));
  for (const figure of figures) yield { what, unit, ...figure, machine: machine(), load };
  for (const line of bench.verdict?.(figures) ?? []) console.error(line);
}

function benches(): string[] {
  const files = [...new Glob("*.ts").scanSync(import.meta.dir)].map((file) => basename(file, ".ts"));
  return files.filter((file) => !FRAME.has(file) && existsSync(join(import.meta.dir, `${file}.ts`))).sort();
}
