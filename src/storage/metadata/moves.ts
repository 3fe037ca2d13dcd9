import { readSourceState, readTargetState } from "./moving/move-state.ts";
import type { Run } from "./moving/tables.ts";
import type { Reader } from "./schema.ts";

/** A database that no server may serve from, because the installation moves; the message says where to and what to do. */
export class MovedError extends Error {
  override name = "MovedError";
  /** For those who tell it from a fault of the program. */
  readonly code = "WAYBILL_MOVED";
}

/** Throws MovedError for a database that an installation is being moved into, or was moved out of. */
export async function refuseMoved(read: Reader): Promise<void> {
  const run: Run = async (_, [side] = []) =>
    await read
      .selectFrom("moves")
      .select("state")
      .where("side", "=", side as "source")
      .execute();
  const [source, target] = [await readSourceState(run), await readTargetState(run)];
  if (target?.phase === "copying") {
    throw new MovedError(
      "an installation is being moved here, and is not whole yet: let waybill migrate installation end",
    );
  }
  if (source?.phase === "moved") {
    throw new MovedError(`this installation was moved to ${source.to}: serve it from there`);
  }
  if (source?.phase === "closed") {
    throw new MovedError(
      `this installation is about to be at ${source.to}: let waybill migrate installation end, or give it up with --give-up`,
    );
  }
}
