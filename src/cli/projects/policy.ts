import { UsageError } from "../command.ts";
import { type Governed, type PolicyInvocation, policyCommands } from "../policy.ts";

/** `waybill projects get-iam-policy` and its like */
export const { get, set, addBinding, removeBinding } = policyCommands(projectOf);

/** The project, or with `--location` and `--repository` a part of it. */
function projectOf({ values, positionals }: PolicyInvocation): Governed {
  const [project = ""] = positionals;
  const { location, repository } = values;
  if (repository !== undefined && location === undefined) {
    throw new UsageError("--repository needs --location", "an image of the same name may lie at several locations");
  }
  const parts = [`project [${project}]`, location && `at [${location}]`, repository && `for [${repository}]`];
  return { resource: { project, location, repository }, name: parts.filter(Boolean).join(" ") };
}
