import { readTargetState, type TargetState, writeState } from "../../storage/metadata/moving/move-state.ts";
import { countRows, type Key, keyOf, putRows, readPage } from "../../storage/metadata/moving/rows.ts";
import type { TableShape } from "../../storage/metadata/moving/table-shape.ts";
import { applyChanges } from "./apply-changes.ts";
import type { Move } from "./move.ts";

const rowsPerPage = 500;
/** Rows with bytes of their own may have megabytes of them. */
const manifestsPerPage = 50;
/** How often a page may meet rows that changed since others were copied. */
const triesMax = 10;

/**
 * Copies every table, a page in a transaction, and with it how far that is: whoever goes on after a kill begins with the
 * next page. What changes behind it is in the log of changes.
 */
export async function copyRows(move: Move): Promise<void> {
  const { source, target, shapes, onProgress } = move;
  const state = await requireState(move);
  if (state.rowsDone) return;
  let total = 0;
  for (const shape of shapes) total += await countRows(source.tables.run, shape);
  let done = 0;
  const first = state.rows ? shapes.findIndex(({ name }) => name === state.rows?.table) : 0;
  for (const [index, shape] of shapes.entries()) {
    if (index < first) {
      done += await countRows(target.tables.run, shape);
      continue;
    }
    let after = index === first ? (state.rows?.after as Key | undefined) : undefined;
    for (;;) {
      const page = await copyPage(move, shape, after);
      done += page.count;
      onProgress("copying rows", Math.min(done, total), total);
      if (page.last === undefined) break;
      after = page.last;
    }
  }
  await target.tables.change(async (run) => {
    const { rows: _, ...rest } = await requireState(move);
    await writeState(run, "target", { ...rest, rowsDone: true });
  });
}

async function copyPage(move: Move, shape: TableShape, after: Key | undefined) {
  const { source, target } = move;
  const limit = shape.columns.includes("body") ? manifestsPerPage : rowsPerPage;
  for (let left = triesMax; ; left--) {
    const rows = await readPage(source.tables.run, shape, after, limit);
    const last = rows.length === limit ? keyOf(shape, rows.at(-1) ?? {}) : undefined;
    const state = await requireState(move);
    try {
      await target.tables.change(async (run) => {
        await putRows(run, shape, rows);
        const reached = last ?? after;
        await writeState(run, "target", {
          ...state,
          rows: { table: shape.name, ...(reached && { after: [...reached] }) },
        });
      });
      return { count: rows.length, last };
    } catch (error) {
      // A name that was given to another row since its first one was copied: the first one has changed, too.
      if (left === 1) throw error;
      while ((await applyChanges(move)) > 0);
    }
  }
}

async function requireState({ target }: Move): Promise<TargetState> {
  const state = await readTargetState(target.tables.run);
  if (!state) throw new Error("the target has lost what it kept of the move");
  return state;
}
