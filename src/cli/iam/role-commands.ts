import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";

const stages = ["ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP"] as const;
const ofProject = { ...administrationOptions, project: { type: "string" } } as const;
const details = {
  title: { type: "string" },
  description: { type: "string" },
  permissions: { type: "string" },
  stage: { type: "string" },
} as const;
const common = { options: ofProject, choices: administrationChoices } as const;
const changing = {
  options: { ...ofProject, ...details },
  choices: { ...administrationChoices, stage: stages },
} as const;
const one = { name: "ROLE", min: 1, max: 1 } as const;
const detailsHelp = `
    --permissions=A,B    what it contains: waybill iam roles describe roles/owner lists what there is
    --title=TEXT         what it is called for people
    --description=TEXT   what it is for
    --stage=STAGE        ${stages.join(", ")}; a disabled role grants nothing
    --project=PROJECT    the project that the role belongs to${administrationHelp}
`;

const list: Command = {
  ...common,
  name: "list",
  summary: "list the roles that can be granted",
  help: `
SYNOPSIS
    waybill iam roles list [--project=PROJECT [--show-deleted]] [--format=json|table]

OPTIONS
    --project=PROJECT    those that a project made for itself, instead of those that are there everywhere
    --show-deleted       deleted ones, too${administrationHelp}
`,
  options: { ...ofProject, "show-deleted": { type: "boolean" } },
  load: async () => ({ run: (await import("./roles.ts")).list }),
};

const describe: Command = {
  ...common,
  name: "describe",
  summary: "show what a role permits",
  help: `
SYNOPSIS
    waybill iam roles describe ROLE [--project=PROJECT] [--format=json|table]

OPTIONS
    --project=PROJECT    for one that this project made for itself${administrationHelp}

EXAMPLES
    waybill iam roles describe roles/storage.objectViewer
`,
  positionals: one,
  load: async () => ({ run: (await import("./roles.ts")).describe }),
};

const create: Command = {
  ...changing,
  name: "create",
  summary: "make a role of a project's own",
  help: `
SYNOPSIS
    waybill iam roles create ROLE --project=PROJECT --permissions=A,B [--title=TEXT] [--description=TEXT]
            [--stage=STAGE]

DESCRIPTION
    It can be granted in that project only, as projects/PROJECT/roles/ROLE. A change of the role counts at once for
    everybody who has it.

OPTIONS
    ROLE                 3 to 64 letters, digits, _ and periods; a name is never used again${detailsHelp}`,
  positionals: one,
  load: async () => ({ run: (await import("./roles.ts")).create }),
};

const update: Command = {
  ...changing,
  name: "update",
  summary: "change a role of a project's own",
  help: `
SYNOPSIS
    waybill iam roles update ROLE --project=PROJECT [--permissions=A,B] [--title=TEXT] [--description=TEXT]
            [--stage=STAGE]

DESCRIPTION
    What is not named stays as it is.

OPTIONS${detailsHelp}`,
  positionals: one,
  load: async () => ({ run: (await import("./roles.ts")).update }),
};

const remove: Command = {
  ...common,
  name: "delete",
  summary: "delete a role of a project's own",
  help: `
SYNOPSIS
    waybill iam roles delete ROLE --project=PROJECT [--quiet]

DESCRIPTION
    It grants nothing from now on. undelete brings it back, for all who had it.

OPTIONS
    --project=PROJECT    the project that the role belongs to${administrationHelp}
`,
  positionals: one,
  load: async () => ({ run: (await import("./roles.ts")).remove }),
};

const undelete: Command = {
  ...common,
  name: "undelete",
  summary: "bring a deleted role back",
  help: `
SYNOPSIS
    waybill iam roles undelete ROLE --project=PROJECT

OPTIONS
    --project=PROJECT    the project that the role belongs to${administrationHelp}
`,
  positionals: one,
  load: async () => ({ run: (await import("./roles.ts")).undelete }),
};

/** `waybill iam roles …` */
export const roles: Group = {
  name: "roles",
  summary: "what can be granted",
  help: `
SYNOPSIS
    waybill iam roles COMMAND [ROLE] [--FLAG…]
`,
  commands: [list, describe, create, update, remove, undelete],
};
