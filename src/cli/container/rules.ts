import { apiPath } from "../../client/administration.ts";
import { type AdministrationInvocation, confirmLoss, openAdministration, required } from "../administration.ts";
import { readYamlFile } from "../yaml-file.ts";

type RulesInvocation = AdministrationInvocation<"project" | "location" | "repository">;
type Rules = { etag?: string; cleanupPolicies?: unknown };

const hint = "write one with: waybill container rules describe --project=PROJECT";

/** `waybill container rules describe` */
export async function describe(invocation: RulesInvocation): Promise<number> {
  const { path } = ownerOf(invocation);
  showRules(invocation, await openAdministration(invocation).call<Rules>("GET", path));
  return 0;
}

/** `waybill container rules set` */
export async function set(invocation: RulesInvocation): Promise<number> {
  const { path, name } = ownerOf(invocation);
  const given = readYamlFile(invocation.positionals[0] ?? "", hint);
  const administration = openAdministration(invocation);
  // gcloud's files are a list of policies and say nothing about anything else.
  const rules = Array.isArray(given)
    ? { ...(await administration.call<Rules>("GET", path)), cleanupPolicies: given }
    : given;
  const changed = await administration.call<Rules>("PUT", path, rules);
  invocation.context.stderr(`Updated rules of ${name}.\n`);
  showRules(invocation, changed);
  return 0;
}

/** `waybill container rules delete` */
export async function remove(invocation: RulesInvocation): Promise<number> {
  const { path, name } = ownerOf(invocation);
  const administration = openAdministration(invocation);
  await confirmLoss(invocation, `The rules of ${name} will be deleted. Continue?`);
  await administration.call("DELETE", path);
  invocation.context.stderr(`Deleted rules of ${name}.\n`);
  return 0;
}

function ownerOf({ values }: RulesInvocation): { path: string; name: string } {
  const project = required(values, "project", "my-project");
  const { repository, location = "default" } = values;
  if (repository === undefined) return { path: apiPath`/v1/projects/${project}/rules`, name: `project [${project}]` };
  return {
    path: apiPath`/v1/projects/${project}/locations/${location}/repositories/${repository}/rules`,
    name: `repository [${repository}] of project [${project}]`,
  };
}

/** As `set` reads it. */
function showRules({ values, context }: RulesInvocation, rules: Rules): void {
  const text = values.format === "json" ? JSON.stringify(rules, undefined, 2) : Bun.YAML.stringify(rules, undefined, 2);
  context.stdout(`${text.trimEnd()}\n`);
}
