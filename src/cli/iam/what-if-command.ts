import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command } from "../command.ts";

/** `waybill iam what-if` */
export const whatIf: Command = {
  name: "what-if",
  summary: "show who would be cut off by a policy, and which of its grants nobody used",
  help: `
SYNOPSIS
    waybill iam what-if POLICY-FILE --project=P [--format=json|table]

DESCRIPTION
    Decides everything that was done in a project within the last 30 days again, as if the project had the policy of the
    file (JSON or YAML, as get-iam-policy writes it). Nothing is changed. Roles that were granted elsewhere, on the
    server, a location or a repository, count as they are; scopes of tokens are not looked at.

    Needs logging.logEntries.list on the project.

OPTIONS
    --project=P          the project whose policy it would be${administrationHelp}

EXAMPLES
    waybill projects get-iam-policy my-project --format=json > policy.json
    waybill iam what-if policy.json --project=my-project
`,
  options: { ...administrationOptions, project: { type: "string" } },
  choices: administrationChoices,
  positionals: { name: "POLICY-FILE", min: 1, max: 1 },
  load: () => import("./what-if.ts"),
};
