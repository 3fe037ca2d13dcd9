import { checkServer } from "../../server-check.ts";
import { type Invocation, UsageError } from "../command.ts";
import { readOrRefuse } from "../config/surroundings.ts";
import { formatTable } from "../table.ts";

/** `waybill server check`: 0 when nothing failed; a warning is none. */
export async function run({ argv, context }: Invocation): Promise<number> {
  const { config, own } = readOrRefuse(argv, context);
  if (own.format !== undefined && !["json", "text"].includes(own.format))
    throw new UsageError(`--format cannot be ${JSON.stringify(own.format)}`, "one of: json, text");
  const findings = await checkServer(config, context.now);
  if (own.format === "json") context.stdout(`${JSON.stringify(findings, undefined, 2)}\n`);
  else {
    const rows = findings.map(({ check, status, found, mend = "" }) => [check, status, found, mend]);
    context.stdout(formatTable(["CHECK", "STATUS", "FOUND", "WHAT MENDS IT"], rows));
  }
  return findings.some(({ status }) => status === "failed") ? 1 : 0;
}
