import { apiPath } from "../../client/administration.ts";
import { oneLine } from "../../sources/failure.ts";
import { openAdministration, required } from "../administration.ts";
import { formatTable } from "../table.ts";
import type { MigrateInvocation } from "./migrate.ts";

type Import = {
  upstream?: string;
  state: string;
  message?: string;
  tags: { waiting: number; done: number; failed: number };
  failures: readonly { repository: string; tag: string; message: string }[];
};

/** `waybill migrate status` */
export async function showStatus(invocation: MigrateInvocation): Promise<number> {
  const { values, context } = invocation;
  const project = required(values, "project", "my-project");
  const found = await openAdministration(invocation).call<Import>("GET", apiPath`/v1/projects/${project}/import`);
  if (values.format === "json") {
    context.stdout(`${JSON.stringify(found, undefined, 2)}\n`);
    return 0;
  }
  const { upstream = "", state, message, tags, failures } = found;
  const row = [upstream, state, ...[tags.done, tags.waiting, tags.failed].map(String)];
  context.stdout(formatTable(["FROM", "STATE", "DONE", "WAITING", "FAILED"], [row]));
  if (message) context.stderr(`${oneLine(message)}\n`);
  for (const { repository, tag, message: why } of failures)
    context.stderr(`${oneLine(`${repository}:${tag}: ${why}`)}\n`);
  return 0;
}
