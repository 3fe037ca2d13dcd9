/** How a bench is made: contenders that take turns on one machine, so that a busy minute hits them all alike. */
import { cpus } from "node:os";

export interface Bench extends AsyncDisposable {
  /** One sentence: what is done once. */
  readonly what: string;
  readonly unit: string;
  /** Ours first, then what it is compared with. */
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** What was to be reached, and whether it was: a line for each. */
  verdict?(figures: readonly Figure[]): readonly string[];
}

export interface Contender {
  readonly name: string;
  /** Where once takes long: no more samples than this. */
  readonly roundsMax?: number;
  /** What else is to be told when it is over: how much memory, how many requests. */
  facts?(): Readonly<Record<string, number>>;
  /** Does it once and gives the figure, in the bench's unit. */
  sample(): Promise<number>;
}

export interface Figure {
  readonly contender: string;
  /** What a quiet moment allows: on a busy machine it tells more than the median. */
  readonly best: number;
  readonly median: number;
  readonly p99: number;
  readonly samples: number;
  /** Our median over this one's: below 1 we are faster. 1 for ourselves. */
  readonly ratio: number;
  /** The same of the best samples. */
  readonly bestRatio: number;
  readonly facts?: Readonly<Record<string, number>>;
}

/** Rounds that are thrown away: cold files, cold caches. */
const WARM_UP_ROUNDS = 3;

/** Runs all contenders in turn, each round in another order. */
export async function measure({ contenders, rounds }: Bench): Promise<Figure[]> {
  const samples = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const contender of rotated(contenders, Math.abs(round))) {
      if (round >= (contender.roundsMax ?? rounds)) continue;
      const figure = await contender.sample();
      if (round >= 0) samples.get(contender)?.push(figure);
    }
  }
  const ours = samples.values().next().value ?? [];
  return contenders.map((contender) => figureOf(contender, samples.get(contender) ?? [], ours));
}

/** Figures mean nothing without it. */
export function machine(): string {
  const [first] = cpus();
  return `${cpus().length} x ${first?.model.trim() ?? "unknown"}, ${process.platform} ${process.arch}, Bun ${Bun.version}`;
}

function figureOf(contender: Contender, samples: readonly number[], ours: readonly number[]): Figure {
  const [best, middle] = [Math.min(...samples), median(samples)];
  return {
    contender: contender.name,
    best: rounded(best),
    median: rounded(middle),
    p99: rounded(quantile(samples, 0.99)),
    samples: samples.length,
    ratio: rounded(median(ours) / middle),
    bestRatio: rounded(Math.min(...ours) / best),
    ...(contender.facts && { facts: contender.facts() }),
  };
}

function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
