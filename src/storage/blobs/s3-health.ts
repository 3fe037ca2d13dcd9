/** A store that has not answered for so long is believed to be away; until then each request may try for itself. */
const doubtMilliseconds = 5_000;
/** Then one request in so long asks whether it is back. */
const probeMilliseconds = 1_000;

/** Whether a store answers: while it does not, nobody is kept waiting to learn what others have learned. */
export class S3Health {
  readonly #now: () => number;
  #silentSince: number | undefined;
  #answeredAt = 0;
  #nextProbe = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a request is worth sending. Whoever is told so while the store is away is the one who finds out. */
  get isWorthAsking(): boolean {
    const now = this.#now();
    if (this.#silentSince === undefined || now - this.#silentSince < doubtMilliseconds) return true;
    if (now < this.#nextProbe) return false;
    this.#nextProbe = now + probeMilliseconds;
    return true;
  }

  /** It said something, whatever it was. */
  noteAnswer(): void {
    this.#silentSince = undefined;
    this.#answeredAt = this.#now();
  }

  /** It said nothing to a request that was sent at a time in milliseconds since 1970. */
  noteSilence(since: number): void {
    this.#silentSince ??= Math.max(since, this.#answeredAt);
    this.#nextProbe = this.#now() + probeMilliseconds;
  }
}
