import type { OnProgress } from "../../operations/verify.ts";
import type { Context } from "../../sources/context.ts";
import { formatBytes } from "./format-bytes.ts";

const barCharacters = 30;
const redrawMilliseconds = 100;
const lineMilliseconds = 10_000;

/** Says on standard error how far a long work is: a bar on a terminal, else a line now and then. */
export interface Progress {
  readonly update: OnProgress;
  /** Leaves the terminal as it was. */
  end(): void;
}

export function showProgress({ now, stderr, isInteractive }: Context, what: string): Progress {
  const isBar = isInteractive();
  let shownAt = isBar ? 0 : now();
  let isDrawn = false;
  return {
    update(done, total) {
      if (now() - shownAt < (isBar ? redrawMilliseconds : lineMilliseconds)) return;
      shownAt = now();
      stderr(isBar ? `\r${bar(done, total)} ${what}\x1b[K` : `${what}: ${share(done, total)}\n`);
      isDrawn = isBar;
    },
    end() {
      if (isDrawn) stderr("\r\x1b[K");
    },
  };
}

function bar(done: number, total: number): string {
  const filled = total === 0 ? barCharacters : Math.round((done / total) * barCharacters);
  return `[${"#".repeat(filled)}${"-".repeat(barCharacters - filled)}] ${share(done, total)}`;
}

function share(done: number, total: number): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  return `${percent}% of ${formatBytes(total)}`;
}
