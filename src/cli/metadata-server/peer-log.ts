import { oneLine } from "../../sources/failure.ts";

/** A workload that asks in a loop must not fill the operator's disk. */
const linesPerMinuteMax = 600;
const lineCharactersMax = 600;

/** Who asked for what, a line each, with the address it came from. No line has a secret in it. */
export class PeerLog {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  #minute = 0;
  #lines = 0;
  #dropped = 0;

  constructor(write: (line: string) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  note(text: string): void {
    const minute = Math.floor(this.#now() / 60_000);
    if (minute !== this.#minute) {
      if (this.#dropped > 0) this.#line(`${this.#dropped} more lines were left out`);
      this.#minute = minute;
      this.#lines = 0;
      this.#dropped = 0;
    }
    if (this.#lines++ < linesPerMinuteMax) this.#line(text);
    else this.#dropped++;
  }

  #line(text: string): void {
    this.#write(`${new Date(this.#now()).toISOString()} ${oneLine(text).slice(0, lineCharactersMax)}\n`);
  }
}
