import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";

const options = { ...administrationOptions, project: { type: "string" } } as const;
const common = { options, choices: administrationChoices } as const;
const group = "waybill resource-manager org-policies";
const one = { name: "CONSTRAINT", min: 1, max: 1 } as const;
const projectHelp = `
    --project=PROJECT    of this project, instead of the whole server${administrationHelp}
`;

const list: Command = {
  ...common,
  name: "list",
  summary: "list the constraints, and which are set",
  help: `
SYNOPSIS
    ${group} list [--project=PROJECT] [--format=json|table]

OPTIONS${projectHelp}`,
  load: async () => ({ run: (await import("./org-policies.ts")).list }),
};

const describe: Command = {
  ...common,
  name: "describe",
  summary: "show what a constraint is set to",
  help: `
SYNOPSIS
    ${group} describe CONSTRAINT [--effective] [--project=PROJECT] [--format=json|table]

OPTIONS
    --effective          what counts: the project's own word, else the server's${projectHelp}`,
  options: { ...options, effective: { type: "boolean" } },
  positionals: one,
  load: async () => ({ run: (await import("./org-policies.ts")).describe }),
};

const set: Command = {
  ...common,
  name: "set",
  summary: "set a constraint",
  help: `
SYNOPSIS
    ${group} set CONSTRAINT VALUE [--project=PROJECT]

DESCRIPTION
    A constraint binds everybody, owners of projects included: only who has roles/orgpolicy.policyAdmin or owns the
    server sets one. What is set on a project counts there before what is set on the server.

OPTIONS
    CONSTRAINT           iam.disableServiceAccountKeyCreation, iam.disableServiceAccountKeyUpload,
                         iam.serviceAccountKeyExpiryHours, iam.noKeyAsPassword or storage.publicAccessPrevention
    VALUE                true or false; hours, like 24h, for iam.serviceAccountKeyExpiryHours${projectHelp}
EXAMPLES
    ${group} set storage.publicAccessPrevention true
    ${group} set iam.serviceAccountKeyExpiryHours 720h --project=my-project
`,
  positionals: { name: "CONSTRAINT VALUE", min: 2, max: 2 },
  load: async () => ({ run: (await import("./org-policies.ts")).set }),
};

const reset: Command = {
  ...common,
  name: "reset",
  summary: "take a constraint back",
  help: `
SYNOPSIS
    ${group} reset CONSTRAINT [--project=PROJECT]

DESCRIPTION
    On a project what is set on the server counts again.

OPTIONS${projectHelp}`,
  positionals: one,
  load: async () => ({ run: (await import("./org-policies.ts")).reset }),
};

const orgPolicies: Group = {
  name: "org-policies",
  summary: "switches that bind everybody",
  help: `
SYNOPSIS
    ${group} COMMAND [CONSTRAINT] [--FLAG…]
`,
  commands: [list, describe, set, reset],
};

/** `waybill resource-manager …` */
export const resourceManager: Group = {
  name: "resource-manager",
  summary: "what holds for the whole server",
  help: `
SYNOPSIS
    waybill resource-manager GROUP COMMAND [--FLAG…]
`,
  commands: [orgPolicies],
};
