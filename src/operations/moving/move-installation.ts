import { countChanges, followChanges, stopFollowing } from "../../storage/metadata/moving/change-log.ts";
import { closeToWrites, openToWrites } from "../../storage/metadata/moving/closing.ts";
import { forgetState, readSourceState, readTargetState, writeState } from "../../storage/metadata/moving/move-state.ts";
import { putBackReferences, raiseSequences, takeOffReferences } from "../../storage/metadata/moving/references.ts";
import { countRows } from "../../storage/metadata/moving/rows.ts";
import { readShapes } from "../../storage/metadata/moving/table-shape.ts";
import type { Tables } from "../../storage/metadata/moving/tables.ts";
import { applyChanges, type OnApplied } from "./apply-changes.ts";
import { compareAll, compareSuspects, Suspects } from "./compare-rows.ts";
import { checkObjects, copyObjects } from "./copy-objects.ts";
import { copyRows } from "./copy-rows.ts";
import { copyUploads, type MovedUploads } from "./copy-uploads.ts";
import { type Move, MoveError } from "./move.ts";

export interface MoveReport extends MovedUploads {
  readonly from: string;
  readonly to: string;
  /** False where the source still takes writes: the finish is to follow. */
  readonly finished: boolean;
  readonly rows: number;
  readonly blobs: number;
  /** Of blobs. */
  readonly bytes: number;
  /** For how long the source refused writes. */
  readonly readOnlyMilliseconds: number;
}

/** With fewer changes left than this the source is closed: they take a second or two. */
const changesLeftMax = 500;
/** A round that leaves more than this share of what the last one found gets nowhere. */
const shrinkingShare = 0.8;
/** More rows than this are not remembered one by one; then all are compared again while nothing is written. */
const suspectsMax = 200_000;
const deadlockTriesMax = 20;
const deadlock = "40P01";

/**
 * Moves an installation, from any storage to any other, while it serves. Copies, follows what changes meanwhile, checks,
 * and then closes the source to writes for as long as the last changes take. Ended at any moment and started again, it
 * goes on. With `finish` false it stops before the source is closed.
 */
export async function moveInstallation(move: Move, finish: boolean): Promise<MoveReport> {
  const { source, target } = move;
  const before = await readTargetState(target.tables.run);
  if (before?.phase === "done") return await alreadyDone(move);
  await begin(move);
  await copyRows(move);
  if (!move.sameStore) await copyObjects(move);
  const suspects = new Suspects();
  const onApplied: OnApplied = (table, key) => suspects.add(table, key);
  await catchUp(move, onApplied);
  await checkObjects(move, () => catchUp(move, onApplied));
  await catchUp(move, onApplied);
  const total = await countAll(move);
  await compareAll(move, suspects, total);
  const counted = await countBlobs(source.tables);
  const report = {
    from: source.name,
    to: target.name,
    rows: total,
    ...counted,
    uploads: 0,
    uploadsEnded: 0,
    readOnlyMilliseconds: 0,
  };
  if (!finish) {
    await catchUp(move, onApplied);
    return { ...report, finished: false };
  }
  await copyUploads(move);
  await catchUp(move, onApplied);
  return { ...report, ...(await finishMove(move, suspects)), finished: true };
}

/** Ends a move that is not finished: the source goes on as before. Throws MoveError where it is finished. */
export async function giveUpMove(tables: Tables): Promise<boolean> {
  const state = await readSourceState(tables.run);
  if (!state) return false;
  if (state.phase === "moved") {
    throw new MoveError(
      `this installation was moved to ${state.to}`,
      "what was pushed there since is not here: move it back from there instead",
    );
  }
  const shapes = await readShapes(tables);
  await tables.change(async (run) => {
    await openToWrites(tables.dialect, run, shapes);
    await stopFollowing(tables.dialect, run, shapes);
    await forgetState(run, "source");
  });
  return true;
}

/** From here on the source notes what changes, and the target is known to be half of something. */
async function begin({ source, target, shapes, now }: Move): Promise<void> {
  const state = await readSourceState(source.tables.run);
  if (state?.phase === "moved")
    throw new MoveError(`this installation was moved to ${state.to} already`, "use it there");
  if (state && state.to !== target.name) {
    throw new MoveError(
      `this installation is on its way to ${state.to}`,
      "finish that, or end it: waybill migrate installation --give-up",
    );
  }
  const [row] = await source.tables.run("select value from installation where key = 'id'");
  if (!row) throw new MoveError(`${source.name} holds no installation`, "waybill serve makes one at its first start");
  const installation = String(row.value);
  const there = await readTargetState(target.tables.run);
  if (there && there.installation !== installation) {
    throw new MoveError(`${target.name} holds a part of another installation`, "name another place, or empty this one");
  }
  if (!state && there) {
    throw new MoveError(
      `${target.name} holds a part of this installation, but the move was given up`,
      "name another place, or empty this one",
    );
  }
  if (!there) await takeTarget(target.tables, installation);
  if (state) return;
  await followChanges(source.tables, shapes);
  await source.tables.change((run) => writeState(run, "source", { phase: "following", to: target.name, at: now() }));
}

/** Rows that a new database has of its own give way. */
async function takeTarget(tables: Tables, installation: string): Promise<void> {
  const [row] = await tables.run("select count(*) as count from installation");
  if (Number(row?.count) > 0) {
    throw new MoveError("the place to move to holds an installation already", "name another place, or empty this one");
  }
  await tables.change(async (run) => {
    await run("delete from versions");
    const references = await takeOffReferences(tables.dialect, run);
    await writeState(run, "target", { phase: "copying", installation, references });
  });
}

/**
 * Brings over what has changed, round after round, until little is left, or no less than before: then the source is
 * written as fast as it can be read, and only closing it helps.
 */
async function catchUp(move: Move, onApplied: OnApplied): Promise<void> {
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const left = await countChanges(move.source.tables);
    if (left === 0) return;
    for (let applied = 0; applied < left; ) {
      const count = await applyChanges(move, onApplied);
      if (count === 0) break;
      applied += count;
    }
    if (left < changesLeftMax || left > before * shrinkingShare) return;
    before = left;
  }
}

async function finishMove(move: Move, suspects: Suspects) {
  const { source, target, shapes, now, onProgress } = move;
  onProgress("finishing", 0, 0);
  const closedAt = now();
  await close(move);
  while ((await applyChanges(move, (table, key) => suspects.add(table, key))) > 0);
  const uploads = await copyUploads(move);
  if (suspects.count > suspectsMax) await compareAll(move, suspects, await countAll(move));
  requireNone(await compareSuspects(move, suspects));
  await target.tables.change(async (run) => {
    const state = await readTargetState(run);
    if (!state) throw new Error("the target has lost what it kept of the move");
    await putBackReferences(target.tables.dialect, run, state.references ?? []);
    await raiseSequences(target.tables.dialect, run);
    if (uploads.uploadsEnded > 0) await run("delete from uploads where size > 0");
    await writeState(run, "target", { phase: "done", installation: state.installation });
  });
  await source.tables.change(async (run) => {
    await stopFollowing(source.tables.dialect, run, shapes);
    await writeState(run, "source", { phase: "moved", to: target.name, at: now() });
  });
  return {
    ...uploads,
    readOnlyMilliseconds: now() - closedAt,
    ...(await countBlobs(source.tables)),
    rows: await countAll(move),
  };
}

/** Two who lock many tables can be in each other's way: one of them is told to start again. */
async function close({ source, target, shapes, now }: Move): Promise<void> {
  for (let left = deadlockTriesMax; ; left--) {
    try {
      return await source.tables.change(async (run) => {
        await closeToWrites(source.tables.dialect, run, shapes);
        await writeState(run, "source", { phase: "closed", to: target.name, at: now() });
      });
    } catch (error) {
      if (left === 1 || (error as { code?: string }).code !== deadlock) throw error;
    }
  }
}

/** Killed between the last two steps, or simply asked again. */
async function alreadyDone(move: Move): Promise<MoveReport> {
  const { source, target, shapes, now } = move;
  const [ours, theirs] = [await installationOf(source.tables), await installationOf(target.tables)];
  const state = await readSourceState(source.tables.run);
  if (ours !== theirs || !state) {
    throw new MoveError("the place to move to holds an installation already", "name another place, or empty this one");
  }
  if (state.phase !== "moved") {
    await source.tables.change(async (run) => {
      await stopFollowing(source.tables.dialect, run, shapes);
      await writeState(run, "source", { phase: "moved", to: target.name, at: now() });
    });
  }
  const counted = await countBlobs(source.tables);
  const rows = await countAll(move);
  return {
    from: source.name,
    to: target.name,
    finished: true,
    rows,
    ...counted,
    uploads: 0,
    uploadsEnded: 0,
    readOnlyMilliseconds: 0,
  };
}

async function installationOf({ run }: Tables): Promise<unknown> {
  return (await run("select value from installation where key = 'id'"))[0]?.value;
}

async function countAll({ source, shapes }: Move): Promise<number> {
  let count = 0;
  for (const shape of shapes) count += await countRows(source.tables.run, shape);
  return count;
}

async function countBlobs({ run }: Tables): Promise<{ blobs: number; bytes: number }> {
  const [row] = await run("select count(*) as blobs, coalesce(sum(size), 0) as bytes from objects");
  return { blobs: Number(row?.blobs ?? 0), bytes: Number(row?.bytes ?? 0) };
}

function requireNone(wrong: readonly string[]): void {
  if (wrong.length === 0) return;
  throw new MoveError(
    `${wrong.length} rows are not the same in both places: ${wrong.slice(0, 3).join("; ")}`,
    "give up with --give-up, and move to an empty place",
  );
}
