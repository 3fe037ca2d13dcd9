/** A thing that is good until a time, in milliseconds. */
export type Perishable<Value> = { readonly value: Value; readonly goodUntil: number };

/** Workloads choose the names (scopes, audiences), so only so many are kept. */
const entriesMax = 64;
/** How long a failure answers for itself: a workload that asks in a loop must not become a loop at the server. */
const failureMilliseconds = 2_000;

/** Keeps what was made until it is no longer good; however many ask at once, one thing is made. */
export class TokenShelf<Value> {
  readonly #entries = new Map<string, { readonly made: Promise<Perishable<Value>>; goodUntil: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  async take(name: string, make: () => Promise<Perishable<Value>>): Promise<Value> {
    const kept = this.#entries.get(name);
    if (kept && kept.goodUntil > this.#now()) return (await kept.made).value;
    this.#entries.delete(name);
    const entry = { made: make(), goodUntil: Number.POSITIVE_INFINITY };
    this.#entries.set(name, entry);
    this.#dropOldest();
    try {
      const { value, goodUntil } = await entry.made;
      entry.goodUntil = goodUntil;
      return value;
    } catch (error) {
      entry.goodUntil = this.#now() + failureMilliseconds;
      throw error;
    }
  }

  #dropOldest(): void {
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > entriesMax && oldest !== undefined) this.#entries.delete(oldest);
  }
}
