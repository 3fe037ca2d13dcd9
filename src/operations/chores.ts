/** Work that a server does by itself. */
export interface Chore {
  readonly name: string;
  /** How long after its end it is done again; absent for what is done once, at the start. */
  readonly everyMilliseconds?: number;
  /** Each node does it, for itself; any other chore is done by one of them for all. */
  readonly onEveryNode?: boolean;
  /** Ends early when `signal` says so. */
  run(signal: AbortSignal): Promise<void>;
}

/** How soon a node does what another one did that is gone. */
const lookMilliseconds = 1000;

/**
 * Does chores beside the requests, each from the start on and never two of one at once. One that fails is tried again. What
 * one node does for all is done by the leader; who is it no longer ends what it had begun. Two may overlap for a moment, so a
 * chore must be right even then: that one node does it saves work, and nothing else.
 */
export class Chores {
  readonly #stopping = new AbortController();
  readonly #timers = new Map<Chore, ReturnType<typeof setTimeout>>();
  readonly #running = new Set<Promise<void>>();
  readonly #observe: ((chore: string, seconds: number, succeeded: boolean) => void) | undefined;
  readonly #log: (error: unknown, message: string) => void;
  readonly #isLeader: () => boolean;
  readonly #looking: ReturnType<typeof setInterval>;
  #leading = new AbortController();

  /**
   * @param isLeader whether this is the node that works for all
   * @param observe told how each chore ended, and how long it took
   */
  constructor(
    chores: readonly Chore[],
    log: (error: unknown, message: string) => void,
    isLeader: () => boolean = () => true,
    observe?: (chore: string, seconds: number, succeeded: boolean) => void,
  ) {
    this.#observe = observe;
    this.#log = log;
    this.#isLeader = isLeader;
    this.#looking = setInterval(() => {
      if (!isLeader()) this.#leading.abort();
    }, lookMilliseconds);
    for (const chore of chores) this.#doLater(chore, 0);
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#looking);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  #doLater(chore: Chore, milliseconds: number): void {
    const start = () => {
      if (!chore.onEveryNode && !this.#isLeader()) return this.#doLater(chore, lookMilliseconds);
      const running = this.#do(chore).finally(() => this.#running.delete(running));
      this.#running.add(running);
    };
    this.#timers.set(chore, setTimeout(start, milliseconds));
  }

  async #do(chore: Chore): Promise<void> {
    if (this.#leading.signal.aborted) this.#leading = new AbortController();
    const signals = [this.#stopping.signal, ...(chore.onEveryNode ? [] : [this.#leading.signal])];
    const signal = AbortSignal.any(signals);
    const began = performance.now();
    const ended = (succeeded: boolean) => this.#observe?.(chore.name, (performance.now() - began) / 1000, succeeded);
    try {
      await chore.run(signal);
      ended(true);
    } catch (error) {
      if (!signal.aborted) ended(false);
      if (!signal.aborted) this.#log(error, `${chore.name} failed`);
    }
    if (this.#stopping.signal.aborted) return;
    const { everyMilliseconds } = chore;
    // What is done once and did not come to its end begins again, here or elsewhere.
    if (everyMilliseconds === undefined) return signal.aborted ? this.#doLater(chore, lookMilliseconds) : undefined;
    this.#doLater(chore, everyMilliseconds);
  }
}
