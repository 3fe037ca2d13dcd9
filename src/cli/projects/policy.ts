import { UsageError } from "../command.ts";
import { type Governed, type PolicyInvocation, policyCommands } from "../policy.ts";

/** `waybill projects get-iam-policy` and its like */
export const { get, set, addBinding, removeBinding } = policyCommands(projectOf);

/** The project, or with `--location` and `--repository` or `--prefix` a part of it. */
function projectOf({ values, positionals }: PolicyInvocation): Governed {
  const [project = ""] = positionals;
  const { location, repository } = values;
  const prefix = values.prefix?.replace(/\/$/, "");
  for (const [name, value] of Object.entries({ repository, prefix })) {
    if (value === undefined || location !== undefined) continue;
    throw new UsageError(`--${name} needs --location`, "an image of the same name may lie at several locations");
  }
  if (repository !== undefined && prefix !== undefined)
    throw new UsageError("--repository and --prefix exclude each other", "a prefix is a folder of repositories");
  const parts = [
    `project [${project}]`,
    location && `at [${location}]`,
    repository && `for [${repository}]`,
    prefix && `below [${prefix}/]`,
  ];
  return { resource: { project, location, repository, prefix }, name: parts.filter(Boolean).join(" ") };
}
