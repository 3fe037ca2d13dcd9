import { DataFolderError } from "../../data-folder.ts";
import { DatabaseError, databaseUrl } from "../../database-setting.ts";
import { type Maintenance, openMaintenance } from "../../maintenance.ts";
import { BackupError } from "../../operations/backup-error.ts";
import { Failure } from "../../sources/failure.ts";
import type { Invocation } from "../command.ts";

export type OperationInvocation<Text extends string = never, Flag extends string = never> = Invocation<
  Text | "data" | "format" | "database" | "database-file" | "blobs" | "blobs-credentials",
  Flag
>;

export const dataDefault = "./waybill-data";

/** Does something with the installation that the command names. */
export async function withInstallation<Result>(
  { values, context }: OperationInvocation,
  work: (place: Maintenance) => Promise<Result>,
  { needsBlobs = true } = {},
): Promise<Result> {
  const { data = dataDefault } = values;
  return await asFailure(`waybill serve --data=${data}`, async () => {
    const { blobs, "blobs-credentials": credentials } = values;
    const places = { database: databaseUrl(values, context.env), blobs, "blobs-credentials": credentials, needsBlobs };
    const place = await openMaintenance(data, context.now, places);
    try {
      return await work(place);
    } finally {
      await place.close();
    }
  });
}

/** Words for a person instead of the errors of the data folder and of backups. */
export async function asFailure<Result>(hint: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DataFolderError) throw new Failure(error.message, hint, { cause: error });
    if (error instanceof DatabaseError) {
      const name = "give --database-file=FILE, or set WAYBILL_DATABASE, to postgres://USER:PASSWORD@HOST:PORT/DATABASE";
      throw new Failure(error.message, name, { cause: error });
    }
    if (error instanceof BackupError) throw new Failure(error.message, error.hint, { cause: error });
    throw error;
  }
}

/** The result: as JSON for programs, else as text. */
export function answer({ values, context }: OperationInvocation, result: unknown, text: string): void {
  context.stdout(values.format === "json" ? `${JSON.stringify(result, undefined, 2)}\n` : text);
}
