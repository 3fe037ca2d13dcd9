import { damageText } from "../../operations/upkeep.ts";
import { verify } from "../../operations/verify.ts";
import { formatBytes, formatCount } from "./format-bytes.ts";
import { answer, type OperationInvocation, withInstallation } from "./place.ts";
import { showProgress } from "./progress.ts";

/** `waybill verify` */
export async function run(invocation: OperationInvocation): Promise<number> {
  const progress = showProgress(invocation.context, "verifying");
  const report = await withInstallation(invocation, (place) => verify(place, progress.update)).finally(progress.end);
  const { blobs, bytes, manifests, damaged } = report;
  for (const damage of damaged) invocation.context.stderr(`waybill: error: ${damageText(damage)}\n`);
  const read = `${formatCount(blobs, "blob")} (${formatBytes(bytes)}) and ${formatCount(manifests, "manifest")}`;
  answer(invocation, report, `${read} read, ${damaged.length} damaged\n`);
  return damaged.length === 0 ? 0 : 1;
}
