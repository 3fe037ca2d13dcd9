import { type Administration, apiPath, Refused } from "../../client/administration.ts";
import { type AdministrationInvocation, openAdministration, showIfAsked } from "../administration.ts";
import { type Invocation, UsageError } from "../command.ts";
import { formatByteSize, parseByteSize } from "./byte-size.ts";

export type ProjectSettings = { readOnly: boolean; quota: { usedBytes: string; bytesMax?: string } };

/** `waybill projects update` */
export async function update(
  invocation: AdministrationInvocation & Invocation<never, "read-only" | "no-read-only">,
): Promise<number> {
  const { values, positionals, context } = invocation;
  const [project = ""] = positionals;
  const readOnly = values["read-only"] ?? false;
  if (readOnly === (values["no-read-only"] ?? false)) throw new UsageError("give either --read-only or --no-read-only");
  const path = apiPath`/v1/projects/${project}/projectSettings`;
  const settings = await openAdministration(invocation).call<ProjectSettings>("PATCH", path, { readOnly });
  context.stderr(`Project [${project}] is ${readOnly ? "read-only" : "open to pushes"} now.\n`);
  showIfAsked(invocation, settings, settingsTable(settings));
  return 0;
}

/** `waybill projects set-quota` */
export async function setQuota(
  invocation: AdministrationInvocation<"bytes"> & Invocation<never, "unlimited">,
): Promise<number> {
  const { values, positionals, context } = invocation;
  const [project = ""] = positionals;
  const { bytes, unlimited = false } = values;
  if ((bytes !== undefined) === unlimited)
    throw new UsageError("give either --bytes or --unlimited", "like --bytes=10GiB");
  const bytesMax = bytes === undefined ? null : String(parseByteSize(bytes));
  const path = apiPath`/v1/projects/${project}/quota`;
  const settings = await openAdministration(invocation).call<ProjectSettings>("PATCH", path, { bytesMax });
  context.stderr(`Project [${project}] uses ${usage(settings)} now.\n`);
  showIfAsked(invocation, settings, settingsTable(settings));
  return 0;
}

/** Nothing where the caller may see the project, and not these. */
export async function findSettings(
  administration: Administration,
  project: string,
): Promise<ProjectSettings | undefined> {
  try {
    const path = apiPath`/v1/projects/${project}/projectSettings`;
    const { readOnly, quota } = await administration.call<ProjectSettings>("GET", path);
    return { readOnly, quota };
  } catch (error) {
    if (error instanceof Refused && error.status === "PERMISSION_DENIED") return undefined;
    throw error;
  }
}

/** `1.2 GiB of 10.0 GiB` */
export function usage({ quota: { usedBytes, bytesMax } }: ProjectSettings): string {
  const max = bytesMax === undefined ? "no quota" : formatByteSize(Number(bytesMax));
  return `${formatByteSize(Number(usedBytes))} of ${max}`;
}

function settingsTable(settings: ProjectSettings) {
  return { headings: ["USED", "READ_ONLY"], rows: [[usage(settings), settings.readOnly ? "yes" : "no"]] };
}
