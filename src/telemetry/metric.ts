// Metrics in Prometheus' text format 0.0.4. A series is looked up once and then is an object with a number in it: on the path of
// a request nothing is hashed and nothing allocated (docs/decisions/0023-telemetry.md).

/** One series: a name with certain values of its labels. */
export class Series {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

/** Counts into buckets, by upper bound. */
export class Buckets {
  readonly counts: Float64Array;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index++;
    this.counts[index] = (this.counts[index] as number) + 1;
    this.sum += value;
  }
}

export type MetricType = "counter" | "gauge" | "histogram";

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  lines(): string[];
}

/** Series by the values of their labels. */
class SeriesFamily<Cell> {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  protected readonly cells = new Map<string, Cell>();
  readonly #make: () => Cell;

  constructor(type: MetricType, name: string, help: string, labels: readonly string[], make: () => Cell) {
    this.type = type;
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.#make = make;
    // What nothing happened to yet is 0, and not absent: an alert is to see the first time.
    if (labels.length === 0) this.of();
  }

  /** The series with these values, in the order of the labels. Their number is bounded by the caller. */
  of(...values: readonly string[]): Cell {
    const key = this.labels.map((label, index) => `${label}="${escaped(values[index] ?? "")}"`).join(",");
    const known = this.cells.get(key);
    if (known !== undefined) return known;
    const made = this.#make();
    this.cells.set(key, made);
    return made;
  }

  /** Forgets all series: before those that still are get their values. */
  clear(): void {
    this.cells.clear();
  }
}

class NumberFamily extends SeriesFamily<Series> implements Family {
  constructor(type: "counter" | "gauge", name: string, help: string, labels: readonly string[]) {
    super(type, name, help, labels, () => new Series());
  }

  lines(): string[] {
    return [...this.cells].map(([labels, { value }]) => `${this.name}${labels && `{${labels}}`} ${value}`);
  }
}

class HistogramFamily extends SeriesFamily<Buckets> implements Family {
  readonly #bounds: readonly number[];

  constructor(name: string, help: string, labels: readonly string[], bounds: readonly number[]) {
    super("histogram", name, help, labels, () => new Buckets(bounds));
    this.#bounds = bounds;
  }

  lines(): string[] {
    return [...this.cells].flatMap(([labels, { counts, sum }]) => {
      let total = 0;
      const prefix = labels && `${labels},`;
      const rows = [...this.#bounds.map(String), "+Inf"].map((bound, index) => {
        total += counts[index] ?? 0;
        return `${this.name}_bucket{${prefix}le="${bound}"} ${total}`;
      });
      const all = labels && `{${labels}}`;
      return [...rows, `${this.name}_sum${all} ${sum}`, `${this.name}_count${all} ${total}`];
    });
  }
}

/** All metrics of a process. */
export class Metrics {
  readonly families: Family[] = [];
  readonly #beforeScrape: (() => void | Promise<void>)[] = [];

  counter(name: string, help: string, ...labels: readonly string[]): NumberFamily {
    return this.#add(new NumberFamily("counter", name, help, labels));
  }

  gauge(name: string, help: string, ...labels: readonly string[]): NumberFamily {
    return this.#add(new NumberFamily("gauge", name, help, labels));
  }

  histogram(name: string, help: string, bounds: readonly number[], ...labels: readonly string[]): HistogramFamily {
    return this.#add(new HistogramFamily(name, help, labels, bounds));
  }

  /** What is asked for when somebody looks, and not counted as it happens. */
  beforeScrape(work: () => void | Promise<void>): void {
    this.#beforeScrape.push(work);
  }

  /** The page. What cannot be asked for keeps its last value: metrics are wanted most where something does not answer. */
  async page(): Promise<string> {
    await Promise.allSettled(this.#beforeScrape.map(async (work) => await work()));
    const parts = this.families.map((family) => {
      const head = `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n`;
      return (
        head +
        family
          .lines()
          .map((line) => `${line}\n`)
          .join("")
      );
    });
    return parts.join("");
  }

  #add<Some extends Family>(family: Some): Some {
    this.families.push(family);
    return family;
  }
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
