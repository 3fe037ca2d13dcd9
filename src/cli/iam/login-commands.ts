import { apiPath } from "../../client/administration.ts";
import {
  type AdministrationInvocation,
  administrationChoices,
  administrationHelp,
  administrationOptions,
  required,
} from "../administration.ts";
import type { Group } from "../command.ts";

const options = { ...administrationOptions, "iam-account": { type: "string" } } as const;
const help = `
    --iam-account=EMAIL  the service account${administrationHelp}`;

type LoginInvocation = AdministrationInvocation<"iam-account">;

/** `waybill iam service-accounts logins`: what Docker keeps in the place of a key. */
export const logins: Group = {
  name: "logins",
  summary: "what Docker keeps in the place of a key",
  help: `
SYNOPSIS
    waybill iam service-accounts logins COMMAND --iam-account=EMAIL

DESCRIPTION
    \`docker login -u _json_key\` leaves a token with Docker and not the key. Each can be ended by itself, and all end
    with the key.
`,
  commands: [
    {
      name: "list",
      summary: "list the logins of a service account",
      help: `
SYNOPSIS
    waybill iam service-accounts logins list --iam-account=EMAIL [--format=json|table]

OPTIONS${help}
`,
      options,
      choices: administrationChoices,
      load: async () => {
        const { listAt } = await import("../users/in-use.ts");
        return {
          run: async (invocation: LoginInvocation) => await listAt(invocation, accountOf(invocation), "logins"),
        };
      },
    },
    {
      name: "end",
      summary: "end a login of a service account",
      help: `
SYNOPSIS
    waybill iam service-accounts logins end LOGIN --iam-account=EMAIL

DESCRIPTION
    Docker is refused from its next request on, until somebody logs in again.

OPTIONS${help}
`,
      options,
      choices: administrationChoices,
      positionals: { name: "LOGIN", min: 1, max: 1 },
      load: async () => {
        const { endAt } = await import("../users/in-use.ts");
        const run = async (invocation: LoginInvocation) =>
          await endAt(invocation, accountOf(invocation), "logins", invocation.positionals[0] ?? "");
        return { run };
      },
    },
  ],
};

function accountOf({ values }: LoginInvocation): string {
  return apiPath`/v1/projects/-/serviceAccounts/${required(values, "iam-account", "NAME@PROJECT.iam.waybill.internal")}`;
}
