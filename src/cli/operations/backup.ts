import { resolve } from "node:path";
import { backUp } from "../../operations/backup.ts";
import { openBackupFile } from "../../operations/backup-file.ts";
import { isFolder, openBackupFolder } from "../../operations/backup-folder.ts";
import { Failure } from "../../sources/failure.ts";
import { formatBytes, formatCount } from "./format-bytes.ts";
import { answer, type OperationInvocation, withInstallation } from "./place.ts";
import { showProgress } from "./progress.ts";

/** `waybill backup` */
export async function run(invocation: OperationInvocation): Promise<number> {
  const { positionals, context } = invocation;
  // The copy of the database holds the keys that tokens are signed with.
  process.umask(0o077);
  const path = resolve(positionals[0] ?? "");
  const progress = showProgress(context, "backing up");
  const report = await withInstallation(invocation, async (place) => {
    const open = (await isFolder(path)) ? openBackupFolder : openBackupFile;
    const { metadataFile } = place;
    if (metadataFile === undefined) {
      throw new Failure(
        "the database of this installation is external, which waybill backup does not copy",
        "copy the database with pg_dump first and the blobs after it: see waybill backup --help",
      );
    }
    if (place.objectsFolder.includes("://")) {
      throw new Failure(
        "the blobs of this installation lie on S3, which waybill backup does not copy",
        "waybill migrate installation copies one into a folder; see docs/storage.md",
      );
    }
    return await backUp(
      { ...place, metadataFile },
      await open(path, place.objectsFolder),
      context.now,
      progress.update,
    );
  }).finally(progress.end);
  for (const digest of report.damaged) {
    context.stderr(`waybill: error: the blob ${digest} is damaged and not in the backup: push it again\n`);
  }
  const { blobs, bytes, newBlobs } = report;
  answer(
    invocation,
    report,
    `${path}: ${formatCount(blobs, "blob")} (${formatBytes(bytes)}), ${newBlobs} of them new\n`,
  );
  return report.damaged.length === 0 ? 0 : 1;
}
