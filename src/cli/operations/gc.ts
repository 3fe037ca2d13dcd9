import type { GarbageReport } from "../../registry/garbage-report.ts";
import { formatBytes, formatCount } from "./format-bytes.ts";
import { answer, type OperationInvocation, withInstallation } from "./place.ts";

/** `waybill gc` */
export async function run(invocation: OperationInvocation<never, "dry-run">): Promise<number> {
  const dryRun = invocation.values["dry-run"] === true;
  const report = await withInstallation(invocation, (place) => place.collectGarbage(dryRun));
  answer(invocation, { dryRun, ...report }, describe(report, dryRun));
  return 0;
}

function describe(report: GarbageReport, dryRun: boolean): string {
  const would = dryRun ? "would be " : "";
  const repositories = formatCount(report.repositories, "repository", "repositories");
  return [
    `${formatCount(report.blobs, "blob")} (${formatBytes(report.bytes)}) ${would}removed`,
    `${formatCount(report.links, "blob")} ${would}taken from a repository`,
    `${formatCount(report.hidden, "blob")} ${would}hidden, to be removed after the rest of the grace period`,
    `${formatCount(report.manifests, "manifest")} and ${repositories} ${would}removed`,
    `${formatCount(report.objects, "file")} (${formatBytes(report.removedBytes)}) of what was removed before ${would}freed`,
    "",
  ].join("\n");
}
