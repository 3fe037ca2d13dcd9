import type { OnProgress } from "../../operations/verify.ts";
import type { Context } from "../../sources/context.ts";
import { formatBytes, formatCount } from "./format-bytes.ts";

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

/** Several works one after the other, each with a bar of its own; on a line each where there is no terminal. */
export interface Steps {
  update(step: string, done: number, total: number): void;
  end(): void;
}

/** Counts bytes where a step is about blobs, rows otherwise. */
export function showSteps({ now, stderr, isInteractive }: Context): Steps {
  const isBar = isInteractive();
  let [current, shownAt, isDrawn] = ["", 0, false];
  const end = () => {
    if (isDrawn) stderr("\r\x1b[K");
    isDrawn = false;
  };
  return {
    update(step, done, total) {
      const isNew = step !== current;
      if (!isNew && now() - shownAt < (isBar ? redrawMilliseconds : lineMilliseconds)) return;
      if (isNew && !isBar) stderr(`${step}\n`);
      [current, shownAt] = [step, now()];
      if (total === 0 || (isNew && !isBar)) return;
      const amount = step.endsWith("blobs") ? formatBytes : (rows: number) => formatCount(rows, "row");
      stderr(isBar ? `\r${bar(done, total, amount)} ${step}\x1b[K` : `${step}: ${share(done, total, amount)}\n`);
      isDrawn = isBar;
    },
    end,
  };
}

function bar(done: number, total: number, amount = formatBytes): string {
  const filled = total === 0 ? barCharacters : Math.round((done / total) * barCharacters);
  return `[${"#".repeat(filled)}${"-".repeat(barCharacters - filled)}] ${share(done, total, amount)}`;
}

function share(done: number, total: number, amount = formatBytes): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  return `${percent}% of ${amount(total)}`;
}
