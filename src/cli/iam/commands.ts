import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";
import { denyPolicies } from "./deny-policies/commands.ts";
import { explain } from "./explain-command.ts";
import { groups } from "./groups/commands.ts";
import { keys } from "./key-commands.ts";
import { logins } from "./login-commands.ts";
import { accountPolicyCommands } from "./policy-commands.ts";
import { roles } from "./role-commands.ts";
import { whatIf } from "./what-if-command.ts";
import { workloadIdentityPools } from "./workload-identity/commands.ts";

const common = { options: administrationOptions, choices: administrationChoices } as const;

const account = { name: "EMAIL", min: 1, max: 1 } as const;

const createAccount: Command = {
  ...common,
  name: "create",
  summary: "make a service account",
  help: `
SYNOPSIS
    waybill iam service-accounts create NAME --project=PROJECT [--display-name=TEXT] [--description=TEXT]

DESCRIPTION
    Makes an identity for a program: NAME@PROJECT.iam.waybill.internal. It may do nothing until it is given a role
    (\`waybill projects add-iam-policy-binding\`), and proves who it is with a key
    (\`waybill iam service-accounts keys create\`).

OPTIONS
    NAME                 up to 30 lower-case letters, digits and -, a letter first
    --project=PROJECT    the project that it belongs to
    --display-name=TEXT  what it is called for people
    --description=TEXT   what it is for${administrationHelp}
`,
  options: {
    ...administrationOptions,
    project: { type: "string" },
    "display-name": { type: "string" },
    description: { type: "string" },
  },
  positionals: { name: "NAME", min: 1, max: 1 },
  load: async () => ({ run: (await import("./service-accounts.ts")).create }),
};

const listAccounts: Command = {
  ...common,
  name: "list",
  summary: "list the service accounts of a project",
  help: `
SYNOPSIS
    waybill iam service-accounts list --project=PROJECT [--format=json|table]

OPTIONS${administrationHelp}
`,
  options: { ...administrationOptions, project: { type: "string" } },
  load: async () => ({ run: (await import("./service-accounts.ts")).list }),
};

const describeAccount: Command = {
  ...common,
  name: "describe",
  summary: "show a service account",
  help: `
SYNOPSIS
    waybill iam service-accounts describe EMAIL [--format=json|table]

OPTIONS${administrationHelp}
`,
  positionals: account,
  load: async () => ({ run: (await import("./service-accounts.ts")).describe }),
};

const updateAccount: Command = {
  ...common,
  name: "update",
  summary: "change what a service account is called",
  help: `
SYNOPSIS
    waybill iam service-accounts update EMAIL [--display-name=TEXT] [--description=TEXT]

OPTIONS
    --display-name=TEXT  what it is called for people; empty for nothing
    --description=TEXT   what it is for${administrationHelp}
`,
  options: { ...administrationOptions, "display-name": { type: "string" }, description: { type: "string" } },
  positionals: account,
  load: async () => ({ run: (await import("./service-accounts.ts")).update }),
};

const disableAccount: Command = {
  ...common,
  name: "disable",
  summary: "believe nothing that a service account shows, until it is enabled",
  help: `
SYNOPSIS
    waybill iam service-accounts disable EMAIL

DESCRIPTION
    From now on the account's keys and tokens are refused, also those that were given out before.

OPTIONS${administrationHelp}
`,
  positionals: account,
  load: async () => ({ run: (await import("./service-accounts.ts")).disable }),
};

const enableAccount: Command = {
  ...common,
  name: "enable",
  summary: "undo disable",
  help: `
SYNOPSIS
    waybill iam service-accounts enable EMAIL

OPTIONS${administrationHelp}
`,
  positionals: account,
  load: async () => ({ run: (await import("./service-accounts.ts")).enable }),
};

const bindWorkloads: Command = {
  name: "bind-workloads",
  summary: "let only certain workloads use a service account",
  help: `
SYNOPSIS
    waybill iam service-accounts bind-workloads EMAIL --workload=WORKLOAD[,WORKLOAD…]
    waybill iam service-accounts bind-workloads EMAIL --clear

DESCRIPTION
    From now on nothing is believed of the account but what began with a token of one of these workloads' own
    issuer: no key, no login, no other account that may become it, and no token that was given out before. It takes
    roles/iam.workloadIdentityUser as well for a workload to become the account.

OPTIONS
    --workload=WORKLOAD  principal://iam.googleapis.com/… or principalSet://iam.googleapis.com/…
    --clear              take the limit away${administrationHelp}
`,
  options: { ...administrationOptions, workload: { type: "string" }, clear: { type: "boolean" } },
  choices: administrationChoices,
  positionals: account,
  load: async () => ({ run: (await import("./service-accounts.ts")).bindWorkloads }),
};

const deleteAccount: Command = {
  ...common,
  name: "delete",
  summary: "delete a service account",
  help: `
SYNOPSIS
    waybill iam service-accounts delete EMAIL [--quiet]

DESCRIPTION
    Deletes the account for good. A later one of the same name is somebody else and inherits no role.

OPTIONS${administrationHelp}
`,
  positionals: account,
  load: async () => ({ run: (await import("./service-accounts.ts")).remove }),
};

const serviceAccounts: Group = {
  name: "service-accounts",
  summary: "identities of programs",
  help: `
SYNOPSIS
    waybill iam service-accounts COMMAND [ARGUMENT] [--FLAG…]
`,
  commands: [
    createAccount,
    listAccounts,
    describeAccount,
    updateAccount,
    disableAccount,
    enableAccount,
    bindWorkloads,
    deleteAccount,
    ...accountPolicyCommands,
    keys,
    logins,
  ],
};

/** `waybill iam …` */
export const iam: Group = {
  name: "iam",
  summary: "who may do what, and why",
  help: `
SYNOPSIS
    waybill iam GROUP COMMAND [ARGUMENT] [--FLAG…]
`,
  commands: [serviceAccounts, roles, groups, denyPolicies, workloadIdentityPools, explain, whatIf],
};
