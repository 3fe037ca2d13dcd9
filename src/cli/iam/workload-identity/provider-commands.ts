import { administrationChoices, administrationHelp, administrationOptions } from "../../administration.ts";
import type { Command, Group } from "../../command.ts";

const choices = { ...administrationChoices, location: ["global"] } as const;
const options = {
  ...administrationOptions,
  project: { type: "string" },
  location: { type: "string" },
  "workload-identity-pool": { type: "string" },
} as const;
const settings = {
  "display-name": { type: "string" },
  description: { type: "string" },
  disabled: { type: "boolean" },
  "issuer-uri": { type: "string" },
  "allowed-audiences": { type: "string" },
  "jwk-json-path": { type: "string" },
  "attribute-mapping": { type: "string" },
  "attribute-condition": { type: "string" },
} as const;
const provider = { name: "PROVIDER", min: 1, max: 1 } as const;
const poolHelp = `
    --workload-identity-pool=POOL
                         the pool that the provider belongs to
    --project=PROJECT    the pool's project
    --location=global    the only one there is`;
const settingsHelp = `
    --issuer-uri=URL     what the tokens have as iss; its keys are found by OpenID Connect Discovery
    --allowed-audiences=A,B
                         what the tokens may have as aud (default: the provider's own name,
                         https://iam.googleapis.com/…)
    --jwk-json-path=FILE its keys, where the issuer cannot be asked for them: a JSON Web Key Set
    --attribute-mapping=google.subject=assertion.sub,attribute.NAME=EXPRESSION,…
                         what principals are called: CEL over the token's claims
    --attribute-condition=EXPRESSION
                         CEL that must hold: assertion.repository_owner == 'my-org'
    --display-name=TEXT  what it is called for people
    --description=TEXT   what it is for
    --disabled           believe nobody yet`;
const group = "waybill iam workload-identity-pools providers";

const createOidc: Command = {
  name: "create-oidc",
  summary: "believe an OpenID Connect issuer",
  help: `
SYNOPSIS
    ${group} create-oidc PROVIDER
        --workload-identity-pool=POOL --project=PROJECT --issuer-uri=URL
        --attribute-mapping=google.subject=EXPRESSION,… [--attribute-condition=EXPRESSION]
        [--allowed-audiences=A,B] [--jwk-json-path=FILE] [--display-name=TEXT] [--description=TEXT] [--disabled]

DESCRIPTION
    Whoever has a token of this issuer can exchange it for one of ours. An issuer that everybody shares (GitHub,
    GitLab.com) needs a condition that says which of its tokens are yours.

OPTIONS
    PROVIDER             4 to 32 lower-case letters, digits and -; a name is never used again${settingsHelp}${poolHelp}${administrationHelp}

EXAMPLES
    ${group} create-oidc github \\
        --workload-identity-pool=ci-pool --project=my-project --issuer-uri=https://token.actions.githubusercontent.com \\
        --attribute-mapping=google.subject=assertion.sub,attribute.repository=assertion.repository \\
        --attribute-condition="assertion.repository_owner_id == '1234567'"
`,
  choices,
  options: { ...options, ...settings },
  positionals: provider,
  load: async () => ({ run: (await import("./providers.ts")).create }),
};

const updateOidc: Command = {
  name: "update-oidc",
  summary: "change a provider, or close it",
  help: `
SYNOPSIS
    ${group} update-oidc PROVIDER
        --workload-identity-pool=POOL --project=PROJECT [--disabled | --no-disabled] [--FLAG…]

DESCRIPTION
    Changes what is named and leaves the rest. What came in through a disabled provider is refused at once.

OPTIONS${settingsHelp}
    --no-disabled        believe them again${poolHelp}${administrationHelp}
`,
  choices,
  options: { ...options, ...settings, "no-disabled": { type: "boolean" } },
  positionals: provider,
  load: async () => ({ run: (await import("./providers.ts")).update }),
};

const list: Command = {
  name: "list",
  summary: "list the providers of a pool",
  help: `
SYNOPSIS
    ${group} list
        --workload-identity-pool=POOL --project=PROJECT [--show-deleted] [--format=json|table]

OPTIONS${poolHelp}${administrationHelp}
`,
  choices,
  options: { ...options, "show-deleted": { type: "boolean" } },
  load: async () => ({ run: (await import("./providers.ts")).list }),
};

const describe: Command = {
  name: "describe",
  summary: "show a provider",
  help: `
SYNOPSIS
    ${group} describe PROVIDER
        --workload-identity-pool=POOL --project=PROJECT [--format=json|table]

OPTIONS${poolHelp}${administrationHelp}
`,
  choices,
  options,
  positionals: provider,
  load: async () => ({ run: (await import("./providers.ts")).describe }),
};

const remove: Command = {
  name: "delete",
  summary: "delete a provider",
  help: `
SYNOPSIS
    ${group} delete PROVIDER
        --workload-identity-pool=POOL --project=PROJECT [--quiet]

OPTIONS${poolHelp}${administrationHelp}
`,
  choices,
  options,
  positionals: provider,
  load: async () => ({ run: (await import("./providers.ts")).remove }),
};

const undelete: Command = {
  name: "undelete",
  summary: "undo delete",
  help: `
SYNOPSIS
    ${group} undelete PROVIDER
        --workload-identity-pool=POOL --project=PROJECT

OPTIONS${poolHelp}${administrationHelp}
`,
  choices,
  options,
  positionals: provider,
  load: async () => ({ run: (await import("./providers.ts")).undelete }),
};

/** `waybill iam workload-identity-pools providers …` */
export const providers: Group = {
  name: "providers",
  summary: "whom a pool believes",
  help: `
SYNOPSIS
    ${group} COMMAND [PROVIDER]
        --workload-identity-pool=POOL --project=PROJECT [--FLAG…]
`,
  commands: [createOidc, updateOidc, list, describe, remove, undelete],
};
