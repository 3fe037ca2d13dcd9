/** Work that a server does by itself. */
export interface Chore {
  readonly name: string;
  /** How long after its end it is done again; absent for what is done once, at the start. */
  readonly everyMilliseconds?: number;
  /** Ends early when `signal` says so. */
  run(signal: AbortSignal): Promise<void>;
}

/** Does chores beside the requests, each from the start on and never two of one at once. One that fails is tried again. */
export class Chores {
  readonly #stopping = new AbortController();
  readonly #timers = new Map<Chore, ReturnType<typeof setTimeout>>();
  readonly #running = new Set<Promise<void>>();
  readonly #log: (error: unknown, message: string) => void;

  constructor(chores: readonly Chore[], log: (error: unknown, message: string) => void) {
    this.#log = log;
    for (const chore of chores) this.#doLater(chore, 0);
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  #doLater(chore: Chore, milliseconds: number): void {
    const start = () => {
      const running = this.#do(chore).finally(() => this.#running.delete(running));
      this.#running.add(running);
    };
    this.#timers.set(chore, setTimeout(start, milliseconds));
  }

  async #do(chore: Chore): Promise<void> {
    try {
      await chore.run(this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#log(error, `${chore.name} failed`);
    }
    const { everyMilliseconds } = chore;
    if (everyMilliseconds !== undefined && !this.#stopping.signal.aborted) this.#doLater(chore, everyMilliseconds);
  }
}
