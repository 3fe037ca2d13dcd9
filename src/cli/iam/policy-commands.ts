import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command } from "../command.ts";
import { conditionHelp } from "../policy-help.ts";

const common = { options: administrationOptions, choices: administrationChoices } as const;
const account = { name: "EMAIL", min: 1, max: 1 } as const;
const bindingOptions = {
  ...administrationOptions,
  member: { type: "string" },
  role: { type: "string" },
  condition: { type: "string" },
} as const;
const bindingHelp = `
OPTIONS
    --member=MEMBER      user:EMAIL, serviceAccount:EMAIL, group:EMAIL or domain:DOMAIN
    --role=ROLE          like roles/iam.serviceAccountTokenCreator${conditionHelp}${administrationHelp}
`;

const get: Command = {
  ...common,
  name: "get-iam-policy",
  summary: "show who has which roles on a service account",
  help: `
SYNOPSIS
    waybill iam service-accounts get-iam-policy EMAIL [--format=json|table]

OPTIONS${administrationHelp}
`,
  positionals: account,
  load: async () => ({ run: (await import("./policy.ts")).get }),
};

const set: Command = {
  ...common,
  name: "set-iam-policy",
  summary: "replace the policy of a service account",
  help: `
SYNOPSIS
    waybill iam service-accounts set-iam-policy EMAIL POLICY-FILE

DESCRIPTION
    Puts the policy of the file in the place of the account's. While the file has an etag, it is refused when somebody
    changed the policy since.

OPTIONS
    POLICY-FILE          JSON or YAML, as get-iam-policy --format=json writes it${administrationHelp}
`,
  positionals: { name: "EMAIL POLICY-FILE", min: 2, max: 2 },
  load: async () => ({ run: (await import("./policy.ts")).set }),
};

const addBinding: Command = {
  ...common,
  name: "add-iam-policy-binding",
  summary: "give somebody a role on a service account",
  help: `
SYNOPSIS
    waybill iam service-accounts add-iam-policy-binding EMAIL --member=MEMBER --role=ROLE [--condition=CONDITION]

DESCRIPTION
    Lets somebody act on the account, or as it. What the account itself may do is said by the policies of projects
    (\`waybill projects add-iam-policy-binding\`).
${bindingHelp}`,
  options: bindingOptions,
  positionals: account,
  load: async () => ({ run: (await import("./policy.ts")).addBinding }),
};

const removeBinding: Command = {
  ...common,
  name: "remove-iam-policy-binding",
  summary: "take a role on a service account from somebody",
  help: `
SYNOPSIS
    waybill iam service-accounts remove-iam-policy-binding EMAIL --member=MEMBER --role=ROLE [--condition=CONDITION]
${bindingHelp}`,
  options: bindingOptions,
  positionals: account,
  load: async () => ({ run: (await import("./policy.ts")).removeBinding }),
};

export const accountPolicyCommands: readonly Command[] = [get, set, addBinding, removeBinding];
