import { administrationChoices, administrationHelp, administrationOptions } from "../../administration.ts";
import type { Command, Group } from "../../command.ts";
import { createCredConfig } from "./cred-config-command.ts";
import { providers } from "./provider-commands.ts";

const choices = { ...administrationChoices, location: ["global"] } as const;
const options = { ...administrationOptions, project: { type: "string" }, location: { type: "string" } } as const;
const details = {
  "display-name": { type: "string" },
  description: { type: "string" },
  disabled: { type: "boolean" },
} as const;
const pool = { name: "POOL", min: 1, max: 1 } as const;
const projectHelp = `
    --project=PROJECT    the project that the pool belongs to
    --location=global    the only one there is`;
const group = "waybill iam workload-identity-pools";

const create: Command = {
  name: "create",
  summary: "make a pool for identities from outside",
  help: `
SYNOPSIS
    ${group} create POOL --project=PROJECT [--display-name=TEXT]
        [--description=TEXT] [--disabled]

DESCRIPTION
    A pool lets in nobody until it has a provider, and those whom it lets in may do nothing until they are granted a
    role as principal:// or principalSet://.

OPTIONS
    POOL                 4 to 32 lower-case letters, digits and -; a name is never used again
    --display-name=TEXT  what it is called for people
    --description=TEXT   what it is for
    --disabled           let nobody in yet${projectHelp}${administrationHelp}
`,
  choices,
  options: { ...options, ...details },
  positionals: pool,
  load: async () => ({ run: (await import("./pools.ts")).create }),
};

const list: Command = {
  name: "list",
  summary: "list the pools of a project",
  help: `
SYNOPSIS
    ${group} list --project=PROJECT [--show-deleted] [--format=json|table]

OPTIONS
    --show-deleted       those that were deleted, too${projectHelp}${administrationHelp}
`,
  choices,
  options: { ...options, "show-deleted": { type: "boolean" } },
  load: async () => ({ run: (await import("./pools.ts")).list }),
};

const describe: Command = {
  name: "describe",
  summary: "show a pool",
  help: `
SYNOPSIS
    ${group} describe POOL --project=PROJECT [--format=json|table]

OPTIONS${projectHelp}${administrationHelp}
`,
  choices,
  options,
  positionals: pool,
  load: async () => ({ run: (await import("./pools.ts")).describe }),
};

const update: Command = {
  name: "update",
  summary: "change a pool, or close it",
  help: `
SYNOPSIS
    ${group} update POOL --project=PROJECT [--display-name=TEXT]
        [--description=TEXT] [--disabled | --no-disabled]

DESCRIPTION
    What came in through a disabled pool is refused at once, also the tokens that were given out before.

OPTIONS
    --display-name=TEXT  what it is called for people
    --description=TEXT   what it is for
    --disabled           let nobody in
    --no-disabled        let them in again${projectHelp}${administrationHelp}
`,
  choices,
  options: { ...options, ...details, "no-disabled": { type: "boolean" } },
  positionals: pool,
  load: async () => ({ run: (await import("./pools.ts")).update }),
};

const remove: Command = {
  name: "delete",
  summary: "delete a pool",
  help: `
SYNOPSIS
    ${group} delete POOL --project=PROJECT [--quiet]

OPTIONS${projectHelp}${administrationHelp}
`,
  choices,
  options,
  positionals: pool,
  load: async () => ({ run: (await import("./pools.ts")).remove }),
};

const undelete: Command = {
  name: "undelete",
  summary: "undo delete",
  help: `
SYNOPSIS
    ${group} undelete POOL --project=PROJECT

OPTIONS${projectHelp}${administrationHelp}
`,
  choices,
  options,
  positionals: pool,
  load: async () => ({ run: (await import("./pools.ts")).undelete }),
};

/** `waybill iam workload-identity-pools …` */
export const workloadIdentityPools: Group = {
  name: "workload-identity-pools",
  summary: "identities from outside: CI jobs, pods, machines of other clouds",
  help: `
SYNOPSIS
    ${group} COMMAND [ARGUMENT] [--FLAG…]
`,
  commands: [create, list, describe, update, remove, undelete, providers, createCredConfig],
};
