import { apiPath } from "../../client/administration.ts";
import { type AdministrationInvocation, confirmLoss, openAdministration, required, show } from "../administration.ts";
import type { Invocation } from "../command.ts";

type CleanupInvocation = AdministrationInvocation<"project"> & Invocation<never, "dry-run">;
type Version = {
  location: string;
  image: string;
  digest: string;
  tags: string[];
  createTime: string;
  policy: string;
  alongside: string[];
  deleted: boolean;
};

/** `waybill container cleanup` */
export async function run(invocation: CleanupInvocation): Promise<number> {
  const { values, context } = invocation;
  const project = required(values, "project", "my-project");
  const dryRun = values["dry-run"] ?? false;
  const administration = openAdministration(invocation);
  if (!dryRun)
    await confirmLoss(invocation, `What the rules of project [${project}] let go will be deleted. Continue?`);
  const versions: Version[] = [];
  let pageToken: string | undefined;
  do {
    const body = { dryRun, ...(pageToken !== undefined && { pageToken }) };
    const path = `${apiPath`/v1/projects/${project}`}:cleanUp`;
    const page = await administration.call<{ versions?: Version[]; nextPageToken?: string }>("POST", path, body);
    versions.push(...(page.versions ?? []));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  show(invocation, versions, table(versions));
  context.stderr(summary(versions));
  return 0;
}

function table(versions: readonly Version[]) {
  const rows = versions.map(({ image, digest, tags, createTime, policy, deleted }) => {
    return [image, digest, tags.join(","), createTime, policy, deleted ? "yes" : "no"];
  });
  return { headings: ["IMAGE", "DIGEST", "TAGS", "PUSHED_AT", "POLICY", "DELETED"], rows };
}

function summary(versions: readonly Version[]): string {
  const deleted = versions.filter((version) => version.deleted).length;
  const alongside = versions.reduce((sum, version) => sum + version.alongside.length, 0);
  const parts = alongside > 0 ? ` and ${alongside} that only they needed` : "";
  const left = versions.length - deleted;
  const dry = left > 0 ? ` ${left} would go, but this was a dry run or the project is read-only.` : "";
  return `Deleted ${deleted} manifests${parts}.${dry}\n`;
}
