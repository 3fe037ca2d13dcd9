import { readFileSync } from "node:fs";
import { openMoveSource, openMoveTarget, type PlaceSettings } from "../../move-places.ts";
import { MoveError } from "../../operations/moving/move.ts";
import { giveUpMove, type MoveReport, moveInstallation } from "../../operations/moving/move-installation.ts";
import { Failure } from "../../sources/failure.ts";
import { UsageError } from "../command.ts";
import { formatBytes, formatCount } from "../operations/format-bytes.ts";
import { dataDefault } from "../operations/place.ts";
import { showSteps } from "../operations/progress.ts";
import type { MigrateInvocation } from "./migrate.ts";

/** `waybill migrate installation` */
export async function moveIt(invocation: MigrateInvocation): Promise<number> {
  const { values } = invocation;
  const from = placeOf(invocation, "");
  const to = placeOf(invocation, "to-");
  if (values["give-up"]) return await words(() => giveUp(invocation, from));
  const data = values["to-data"] ?? dataDefault;
  if (values["to-data"] === undefined && (to.database === undefined || to.blobs === undefined)) {
    throw new UsageError("where is it to go?", "--to-data=DIR, or --to-database=URL with --to-blobs=PLACE");
  }
  return await words(() => move(invocation, from, { ...to, data }));
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

function textOf({ to, finished, rows, blobs, bytes, uploads, readOnlyMilliseconds }: MoveReport): string {
  const what = `${formatCount(rows, "row")} and ${formatCount(blobs, "blob")} (${formatBytes(bytes)})`;
  if (!finished) return `${what} are at ${to} and compared. Without --prepare the same command finishes.\n`;
  const going = uploads > 0 ? ` ${formatCount(uploads, "upload")} may go on there.` : "";
  return `${what} moved to ${to} and compared; read-only for ${readOnlyMilliseconds} ms.${going}\n`;
}

function placeOf({ values, context }: MigrateInvocation, prefix: "" | "to-"): PlaceSettings {
  const { data = dataDefault, blobs } = prefix === "" ? values : { data: values["to-data"], blobs: values["to-blobs"] };
  const [url, file] = [values[`${prefix}database`], values[`${prefix}database-file`]];
  if (url !== undefined && file !== undefined) {
    throw new UsageError(`--${prefix}database and --${prefix}database-file are two ways to say one thing`);
  }
  const variable = prefix === "" ? "WAYBILL_DATABASE" : "WAYBILL_TO_DATABASE";
  const database = file === undefined ? (url ?? context.env[variable]) : read(file);
  return { data, database, blobs };
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Failure(
      `${file} cannot be read: ${(error as Error).message}`,
      "it holds the database's URL, and nothing else",
    );
  }
}

async function words<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MoveError) throw new Failure(error.message, error.hint, { cause: error });
    throw error;
  }
}
