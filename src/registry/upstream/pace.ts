/** Slows down whoever does things one after the other. */
export class Pace {
  readonly #millisecondsPerRequest: number;
  readonly #bytesPerMillisecond: number;

  constructor(requestsPerSecondMax: number, bytesPerSecondMax: number) {
    this.#millisecondsPerRequest = 1000 / requestsPerSecondMax;
    this.#bytesPerMillisecond = bytesPerSecondMax / 1000;
  }

  /** Before a request. */
  async request(signal: AbortSignal): Promise<void> {
    await this.pause(this.#millisecondsPerRequest, signal);
  }

  /** After so many bytes. */
  async bytes(count: number, signal: AbortSignal): Promise<void> {
    await this.pause(count / this.#bytesPerMillisecond, signal);
  }

  /** Ends early when `signal` says so. */
  async pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener("abort", end);
    });
  }
}
