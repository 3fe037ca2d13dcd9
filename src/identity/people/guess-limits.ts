/** How many wrong ones are free, and how long each further one waits; both grow back with time. */
interface Limit {
  readonly free: number;
  readonly secondsEach: number;
}

/** A person mistypes a few times; whoever guesses gets two tries a minute at one user, from wherever. */
const perUser: Limit = { free: 5, secondsEach: 30 };
/** Many people may share an address. */
const perAddress: Limit = { free: 30, secondsEach: 10 };
/** Names that are remembered; when there are more, those that have recovered go, and then all. */
const namesMax = 50_000;

/**
 * Slows the guessing of passwords and codes, by user and by address. A name that nobody has is slowed like any other. It
 * forgets at a restart, and each node counts by itself.
 */
export class GuessLimits {
  readonly #now: () => number;
  /** When each name will have recovered from what it did; milliseconds. */
  readonly #recovered = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The seconds to wait before another try; 0 for none.
   *
   * @param user whom it is tried for; undefined where a try names nobody
   */
  wait(user: string | undefined, address: string): number {
    const ofUser = user === undefined ? 0 : this.#wait(`user ${user}`, perUser);
    return Math.max(ofUser, this.#wait(`address ${address}`, perAddress));
  }

  /** Notes a wrong one, before its proof is looked at: many that come at once are counted one by one. */
  note(user: string | undefined, address: string): void {
    if (user !== undefined) this.#note(`user ${user}`, perUser);
    this.#note(`address ${address}`, perAddress);
  }

  /** A right one: the user's count begins anew, and the address gets back what this one cost: a guesser who signs in as himself in between gains nothing. */
  forgive(user: string | undefined, address: string): void {
    if (user !== undefined) this.#recovered.delete(`user ${user}`);
    const name = `address ${address}`;
    this.#recovered.set(name, (this.#recovered.get(name) ?? 0) - perAddress.secondsEach * 1000);
  }

  #wait(name: string, { free, secondsEach }: Limit): number {
    const ahead = (this.#recovered.get(name) ?? 0) - this.#now();
    return Math.max(0, Math.ceil(ahead / 1000) - (free - 1) * secondsEach);
  }

  #note(name: string, { secondsEach }: Limit): void {
    const now = this.#now();
    if (this.#recovered.size >= namesMax) this.#forget(now);
    this.#recovered.set(name, Math.max(this.#recovered.get(name) ?? 0, now) + secondsEach * 1000);
  }

  #forget(now: number): void {
    for (const [name, until] of this.#recovered) if (until <= now) this.#recovered.delete(name);
    if (this.#recovered.size >= namesMax) this.#recovered.clear();
  }
}
