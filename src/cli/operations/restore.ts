import { existsSync } from "node:fs";
import { metadataFileOf, objectsOf, openDataFolder } from "../../data-folder.ts";
import { openBackup } from "../../operations/backup-source.ts";
import { restore } from "../../operations/restore.ts";
import { Failure } from "../../sources/failure.ts";
import { formatBytes, formatCount } from "./format-bytes.ts";
import { answer, asFailure, dataDefault, type OperationInvocation } from "./place.ts";
import { showProgress } from "./progress.ts";

/** `waybill restore` */
export async function run(invocation: OperationInvocation<never, "replaces-original">): Promise<number> {
  const { values, positionals, context } = invocation;
  const { data = dataDefault } = values;
  const progress = showProgress(context, "restoring");
  const report = await asFailure("name another --data", async () => {
    const source = await openBackup(positionals[0] ?? "");
    if (existsSync(metadataFileOf(data))) {
      throw new Failure(
        `${data} holds an installation already, which a restore never writes over`,
        "name another --data",
      );
    }
    process.umask(0o077);
    const folder = openDataFolder(data);
    const settings = {
      metadataFile: metadataFileOf(data),
      objectsFolder: objectsOf(data),
      replacesOriginal: values["replaces-original"] === true,
    };
    return await restore(source, settings, context.now, progress.update).finally(folder.release);
  }).finally(progress.end);
  for (const digest of report.damaged) {
    context.stderr(`waybill: error: the blob ${digest} is damaged in the backup: push it again\n`);
  }
  const { blobs, bytes } = report;
  answer(invocation, report, `${data}: ${formatCount(blobs, "blob")} (${formatBytes(bytes)}) restored\n`);
  context.stderr(`Next: waybill serve --data=${data}\n`);
  return report.damaged.length === 0 ? 0 : 1;
}
