import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";

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
    (\`waybill projects add-iam-policy-binding\`), and proves who it is with a key (\`waybill iam service-accounts keys create\`).

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

const ofAccount = { ...administrationOptions, "iam-account": { type: "string" } } as const;
const ofAccountHelp = `
    --iam-account=EMAIL  the service account that the key belongs to`;
const key = { name: "KEY", min: 1, max: 1 } as const;

const createKey: Command = {
  ...common,
  name: "create",
  summary: "make a key and write its file",
  help: `
SYNOPSIS
    waybill iam service-accounts keys create FILE --iam-account=EMAIL [--universe-domain=DOMAIN]

DESCRIPTION
    Writes a JSON key file that only you can read. It is the only copy of the private key: the server keeps the public half.

OPTIONS
    FILE                 where to write it; a file that is there is left alone
    --universe-domain=DOMAIN
                         not Google's: gcloud and Google's libraries then sign their tokens themselves with this key,
                         and ask no token endpoint${ofAccountHelp}${administrationHelp}
`,
  options: { ...ofAccount, "universe-domain": { type: "string" } },
  positionals: { name: "FILE", min: 1, max: 1 },
  load: async () => ({ run: (await import("./keys.ts")).create }),
};

const listKeys: Command = {
  ...common,
  name: "list",
  summary: "list the keys of a service account",
  help: `
SYNOPSIS
    waybill iam service-accounts keys list --iam-account=EMAIL [--format=json|table]

DESCRIPTION
    EXPOSED_AT is when a key's private half was first sent to the server as a password: such a key has been in Docker's
    configuration, and one day should be replaced.

OPTIONS${ofAccountHelp}${administrationHelp}
`,
  options: ofAccount,
  load: async () => ({ run: (await import("./keys.ts")).list }),
};

const uploadKey: Command = {
  ...common,
  name: "upload",
  summary: "register the public half of a key that was made elsewhere",
  help: `
SYNOPSIS
    waybill iam service-accounts keys upload PEM-FILE --iam-account=EMAIL

DESCRIPTION
    The private half stays where it was made. What is signed with it must name this server as its audience.

OPTIONS
    PEM-FILE             an X.509 certificate or a public key, RSA of 2048 to 4096 bits${ofAccountHelp}${administrationHelp}
`,
  options: ofAccount,
  positionals: { name: "PEM-FILE", min: 1, max: 1 },
  load: async () => ({ run: (await import("./keys.ts")).upload }),
};

const disableKey: Command = {
  ...common,
  name: "disable",
  summary: "believe nothing that is signed with a key, until it is enabled",
  help: `
SYNOPSIS
    waybill iam service-accounts keys disable KEY --iam-account=EMAIL

OPTIONS${ofAccountHelp}${administrationHelp}
`,
  options: ofAccount,
  positionals: key,
  load: async () => ({ run: (await import("./keys.ts")).disable }),
};

const enableKey: Command = {
  ...common,
  name: "enable",
  summary: "undo disable",
  help: `
SYNOPSIS
    waybill iam service-accounts keys enable KEY --iam-account=EMAIL

OPTIONS${ofAccountHelp}${administrationHelp}
`,
  options: ofAccount,
  positionals: key,
  load: async () => ({ run: (await import("./keys.ts")).enable }),
};

const deleteKey: Command = {
  ...common,
  name: "delete",
  summary: "delete a key",
  help: `
SYNOPSIS
    waybill iam service-accounts keys delete KEY --iam-account=EMAIL [--quiet]

DESCRIPTION
    Whatever was signed with it, and every token that was got with it, is refused from now on.

OPTIONS${ofAccountHelp}${administrationHelp}
`,
  options: ofAccount,
  positionals: key,
  load: async () => ({ run: (await import("./keys.ts")).remove }),
};

const keys: Group = {
  name: "keys",
  summary: "keys of service accounts",
  help: `
SYNOPSIS
    waybill iam service-accounts keys COMMAND [ARGUMENT] --iam-account=EMAIL [--FLAG…]
`,
  commands: [createKey, listKeys, uploadKey, disableKey, enableKey, deleteKey],
};

const serviceAccounts: Group = {
  name: "service-accounts",
  summary: "identities of programs",
  help: `
SYNOPSIS
    waybill iam service-accounts COMMAND [ARGUMENT] [--FLAG…]
`,
  commands: [createAccount, listAccounts, describeAccount, disableAccount, enableAccount, deleteAccount, keys],
};

const listRoles: Command = {
  ...common,
  name: "list",
  summary: "list the roles that can be granted",
  help: `
SYNOPSIS
    waybill iam roles list [--format=json|table]

OPTIONS${administrationHelp}
`,
  load: async () => ({ run: (await import("./roles.ts")).list }),
};

const describeRole: Command = {
  ...common,
  name: "describe",
  summary: "show what a role permits",
  help: `
SYNOPSIS
    waybill iam roles describe ROLE [--format=json|table]

OPTIONS${administrationHelp}

EXAMPLES
    waybill iam roles describe roles/storage.objectViewer
`,
  positionals: { name: "ROLE", min: 1, max: 1 },
  load: async () => ({ run: (await import("./roles.ts")).describe }),
};

const roles: Group = {
  name: "roles",
  summary: "what can be granted",
  help: `
SYNOPSIS
    waybill iam roles COMMAND [ROLE] [--FLAG…]
`,
  commands: [listRoles, describeRole],
};

/** `waybill iam …` */
export const iam: Group = {
  name: "iam",
  summary: "service accounts, their keys, and roles",
  help: `
SYNOPSIS
    waybill iam GROUP COMMAND [ARGUMENT] [--FLAG…]
`,
  commands: [serviceAccounts, roles],
};
