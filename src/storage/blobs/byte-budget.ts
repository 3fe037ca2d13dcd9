/** Bytes that many may hold at once: who would take more waits for the others. */
export class ByteBudget {
  readonly #bytesMax: number;
  readonly #waiting: (() => void)[] = [];
  #used = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Takes so many where they are free. */
  tryTake(bytes: number): boolean {
    if (this.#used + bytes > this.#bytesMax) return false;
    this.#used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
    // All look again; the first in line is the first to look.
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Does the work while holding so many; more than there are ever counts as all of them. */
  async holding<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const held = Math.min(bytes, this.#bytesMax);
    while (!this.tryTake(held)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.giveBack(held);
    }
  }
}
