import { databaseUrl } from "../../database-setting.ts";
import { openMoveSource, openMoveTarget, type PlaceSettings } from "../../move-places.ts";
import { MoveError } from "../../operations/moving/move.ts";
import { giveUpMove, type MoveReport, moveInstallation } from "../../operations/moving/move-installation.ts";
import { Failure } from "../../sources/failure.ts";
import { UsageError } from "../command.ts";
import { formatBytes, formatCount } from "../operations/format-bytes.ts";
import { asFailure, dataDefault } from "../operations/place.ts";
import { showSteps } from "../operations/progress.ts";
import type { MigrateInvocation } from "./migrate.ts";

/** `waybill migrate installation` */
export async function moveIt(invocation: MigrateInvocation): Promise<number> {
  const { values } = invocation;
  const [from, to] = await asFailure("write postgres://USER:PASSWORD@HOST:PORT/DATABASE", async () => [
    placeOf(invocation, ""),
    placeOf(invocation, "to-"),
  ]);
  if (values["give-up"]) return await words(() => giveUp(invocation, from));
  if (values["to-data"] === undefined && (to.database === undefined || to.blobs === undefined)) {
    throw new UsageError("where is it to go?", "--to-data=DIR, or --to-database=URL with --to-blobs=PLACE");
  }
  return await words(() => move(invocation, from, to));
}

async function move(invocation: MigrateInvocation, from: PlaceSettings, to: PlaceSettings): Promise<number> {
  const { values, context } = invocation;
  // The database holds the keys that tokens are signed with.
  process.umask(0o077);
  const source = await openMoveSource(from);
  try {
    const target = await openMoveTarget(to);
    const progress = showSteps(context);
    try {
      const sameStore = source.blobs === target.blobs;
      const { now } = context;
      const { shapes } = source;
      const report = await moveInstallation(
        { source, target, shapes, sameStore, onProgress: progress.update, now },
        !values.prepare,
      );
      progress.end();
      context.stdout(values.format === "json" ? `${JSON.stringify(report, undefined, 2)}\n` : textOf(report));
      return 0;
    } finally {
      progress.end();
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function giveUp({ context }: MigrateInvocation, from: PlaceSettings): Promise<number> {
  const source = await openMoveSource(from);
  try {
    const was = await giveUpMove(source.tables);
    context.stderr(was ? "Given up: the installation goes on here as before.\n" : "Nothing moves this installation.\n");
    return 0;
  } finally {
    await source.close();
  }
}

function textOf(report: MoveReport): string {
  const { to, finished, rows, blobs, bytes, uploads, uploadsEnded, readOnlyMilliseconds } = report;
  const what = `${formatCount(rows, "row")} and ${formatCount(blobs, "blob")} (${formatBytes(bytes)})`;
  if (!finished) return `${what} are at ${to} and compared. Without --prepare the same command finishes.\n`;
  const going = uploads > 0 ? ` ${formatCount(uploads, "upload")} may go on there.` : "";
  const ended = uploadsEnded > 0 ? ` ${formatCount(uploadsEnded, "upload")} must begin again.` : "";
  return `${what} moved to ${to} and compared; read-only for ${readOnlyMilliseconds} ms.${going}${ended}\n`;
}

function placeOf({ values, context: { env } }: MigrateInvocation, prefix: "" | "to-"): PlaceSettings {
  const isTo = prefix === "to-";
  const variables = {
    WAYBILL_DATABASE: env[isTo ? "WAYBILL_TO_DATABASE" : "WAYBILL_DATABASE"],
    WAYBILL_DATABASE_FILE: env[isTo ? "WAYBILL_TO_DATABASE_FILE" : "WAYBILL_DATABASE_FILE"],
  };
  const options = { database: values[`${prefix}database`], "database-file": values[`${prefix}database-file`] };
  return {
    data: values[`${prefix}data`] ?? dataDefault,
    database: databaseUrl(options, variables),
    blobs: values[`${prefix}blobs`],
    credentials: values[`${prefix}blobs-credentials`],
  };
}

async function words<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MoveError) throw new Failure(error.message, error.hint, { cause: error });
    throw error;
  }
}
