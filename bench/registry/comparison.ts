/** Rounds of several contenders, and the lines that come of them. */
import { loadavg } from "node:os";
import { machine } from "../measure.ts";
import type { Goals } from "./workloads.ts";

/** One round of one contender. */
export interface Sample {
  /** Bigger is better. */
  readonly rate: number;
  /** Milliseconds: of each iteration, or the 99th percentile alone. */
  readonly latencies: readonly number[];
}

export interface Contender {
  readonly name: string;
  sample(): Promise<Sample>;
}

export interface Question {
  readonly what: string;
  readonly unit: string;
  readonly goals: Goals;
  readonly p99Goal?: number | undefined;
  readonly rounds: number;
}

/** Lets the contenders take turns, ours being the first; then a line for each. */
export async function compare(question: Question, contenders: readonly Contender[]): Promise<object[]> {
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < question.rounds; round++) {
    const start = round % contenders.length;
    for (const contender of [...contenders.slice(start), ...contenders.slice(0, start)]) {
      samples.get(contender)?.push(await contender.sample());
    }
  }
  const [ours] = contenders;
  return contenders.map((contender) =>
    toLine(question, contender, samples.get(contender) ?? [], samples.get(ours as Contender) ?? []),
  );
}

/** `ratio` is our median over the peer's best round, `p99Ratio` our 99th percentile over the peer's. */
function toLine(question: Question, { name }: Contender, theirs: readonly Sample[], ours: readonly Sample[]) {
  const rates = sorted(theirs.map(({ rate }) => rate));
  const isPeer = theirs !== ours;
  const ratio = isPeer ? median(ours.map(({ rate }) => rate)) / (rates.at(-1) ?? Number.NaN) : undefined;
  const p99 = quantile(
    theirs.flatMap(({ latencies }) => latencies),
    0.99,
  );
  const p99Ratio = isPeer
    ? quantile(
        ours.flatMap(({ latencies }) => latencies),
        0.99,
      ) / p99
    : undefined;
  const { what, unit, rounds, goals, p99Goal } = question;
  const goal = goals[name];
  return {
    what,
    contender: name,
    unit,
    median: rounded(median(rates)),
    lowest: rounded(rates[0]),
    highest: rounded(rates.at(-1)),
    p99Milliseconds: rounded(p99),
    rounds,
    ratio: rounded(ratio),
    p99Ratio: rounded(p99Ratio),
    ...(ratio !== undefined && goal !== undefined && { goal, reached: ratio >= goal }),
    ...(p99Ratio !== undefined && p99Goal !== undefined && { p99Goal, p99Reached: p99Ratio <= p99Goal }),
    loadAverage: rounded(loadavg()[0]),
    machine: machine(),
  };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const inOrder = sorted(values);
  return inOrder[Math.min(inOrder.length - 1, Math.floor(inOrder.length * share))] ?? Number.NaN;
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

export function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(3));
}
