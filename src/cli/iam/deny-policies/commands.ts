import { administrationChoices, administrationHelp, administrationOptions } from "../../administration.ts";
import type { Command, Group } from "../../command.ts";

const options = { ...administrationOptions, project: { type: "string" } } as const;
const common = { options, choices: administrationChoices } as const;
const group = "waybill iam deny-policies";
const one = { name: "NAME", min: 1, max: 1 } as const;
const projectHelp = `
    --project=PROJECT    of this project, instead of the whole server${administrationHelp}
`;

const list: Command = {
  ...common,
  name: "list",
  summary: "list the deny policies",
  help: `
SYNOPSIS
    ${group} list [--project=PROJECT] [--format=json|table]

OPTIONS${projectHelp}`,
  load: async () => ({ run: (await import("./deny-policies.ts")).list }),
};

const describe: Command = {
  ...common,
  name: "describe",
  summary: "show the rules of a deny policy",
  help: `
SYNOPSIS
    ${group} describe NAME [--project=PROJECT] [--format=json|table]

OPTIONS${projectHelp}`,
  positionals: one,
  load: async () => ({ run: (await import("./deny-policies.ts")).describe }),
};

const set: Command = {
  ...common,
  name: "set",
  summary: "make a deny policy, or put another in its place",
  help: `
SYNOPSIS
    ${group} set NAME RULES-FILE [--project=PROJECT]

DESCRIPTION
    A deny rule forbids before anything is granted, and owners of projects cannot lift it: only who has
    roles/iam.denyAdmin or owns the server writes one.

OPTIONS
    RULES-FILE           JSON or YAML, as IAM v2 has it${projectHelp}
EXAMPLES
    $ cat no-deletes.yaml
    rules:
      - denyRule:
          deniedPrincipals: [allUsers]
          exceptionPrincipals: [group:admins@example.com]
          deniedPermissions: [artifactregistry.repositories.deleteArtifacts]
    $ ${group} set no-deletes no-deletes.yaml --project=my-project
`,
  positionals: { name: "NAME RULES-FILE", min: 2, max: 2 },
  load: async () => ({ run: (await import("./deny-policies.ts")).set }),
};

const remove: Command = {
  ...common,
  name: "delete",
  summary: "delete a deny policy",
  help: `
SYNOPSIS
    ${group} delete NAME [--project=PROJECT] [--quiet]

OPTIONS${projectHelp}`,
  positionals: one,
  load: async () => ({ run: (await import("./deny-policies.ts")).remove }),
};

/** `waybill iam deny-policies …` */
export const denyPolicies: Group = {
  name: "deny-policies",
  summary: "what nobody may, whatever is granted",
  help: `
SYNOPSIS
    ${group} COMMAND [NAME] [--FLAG…]
`,
  commands: [list, describe, set, remove],
};
