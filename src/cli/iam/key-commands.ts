import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";

const common = { options: administrationOptions, choices: administrationChoices } as const;
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
    Writes a JSON key file that only you can read. It is the only copy of the private key: the server keeps the
    public half.

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

/** `waybill iam service-accounts keys …` */
export const keys: Group = {
  name: "keys",
  summary: "keys of service accounts",
  help: `
SYNOPSIS
    waybill iam service-accounts keys COMMAND [ARGUMENT] --iam-account=EMAIL [--FLAG…]
`,
  commands: [createKey, listKeys, uploadKey, disableKey, enableKey, deleteKey],
};
