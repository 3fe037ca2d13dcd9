import { databaseUrl } from "../../database-setting.ts";
import { migrateSchema, type SchemaReport } from "../../schema-migration.ts";
import { Failure } from "../../sources/failure.ts";
import { NoWayBackError } from "../../storage/metadata/no-way-back.ts";
import { UsageError } from "../command.ts";
import { answer, asFailure, dataDefault, type OperationInvocation } from "../operations/place.ts";

/** `waybill server migrate` */
export async function run(invocation: OperationInvocation<never, "back" | "dry-run" | "force">): Promise<number> {
  const { values, context } = invocation;
  const { data = dataDefault, back = false, force = false, "dry-run": dryRun = false } = values;
  if (force && !back) throw new UsageError("--force is for going back", "waybill server migrate --back --force");
  const report = await asFailure("stop the server that runs there, or name another --data", async () => {
    try {
      return await migrateSchema(data, databaseUrl(values, context.env), { back, dryRun, force });
    } catch (error) {
      if (error instanceof NoWayBackError) throw new Failure(error.message, error.hint, { cause: error });
      throw error;
    }
  });
  answer(invocation, report, textOf(report));
  return 0;
}

function textOf({ direction, dryRun, migrations, schema }: SchemaReport): string {
  const would = dryRun ? "would be " : "";
  const way = direction === "back" ? "taken back" : "run";
  const lines = migrations.map(({ name, lost }) => `${name} ${would}${way}${lost ? `; lost: ${lost}` : ""}\n`);
  return `${lines.join("")}The schema is at ${schema}.\n`;
}
