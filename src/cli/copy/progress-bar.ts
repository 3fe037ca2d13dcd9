import type { Context } from "../../sources/context.ts";
import { type Listener, sizeText } from "./tally.ts";

const barWidth = 30;
const drawMilliseconds = 200;

/** One line on a terminal that is drawn anew; nothing where nobody looks. */
export class ProgressBar implements Listener, Disposable {
  readonly #context: Pick<Context, "stderr">;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #expected = 0;
  #moved = 0;

  constructor(context: Pick<Context, "stderr" | "isInteractive">) {
    this.#context = context;
    if (context.isInteractive()) this.#timer = setInterval(() => this.#draw(), drawMilliseconds);
  }

  expect(bytes: number): void {
    this.#expected += bytes;
  }

  moved(bytes: number): void {
    this.#moved += bytes;
  }

  [Symbol.dispose](): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#context.stderr("\r\x1b[K");
  }

  #draw(): void {
    this.#context.stderr(`\r\x1b[K${barText(this.#moved, this.#expected)}`);
  }
}

/** `[=======>      ]  12.3 MB of 45.6 MB` */
export function barText(moved: number, expected: number): string {
  const filled = expected === 0 ? 0 : Math.min(barWidth, Math.floor((moved / expected) * barWidth));
  const bar = `${"=".repeat(filled)}${filled < barWidth ? ">" : ""}`.padEnd(barWidth);
  return `[${bar}]  ${sizeText(moved)} of ${sizeText(expected)}`;
}
