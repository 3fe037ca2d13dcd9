import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";

const common = { options: administrationOptions, choices: administrationChoices } as const;
const email = { name: "EMAIL", min: 1, max: 1 } as const;

const list: Command = {
  ...common,
  name: "list",
  summary: "list the people of the server",
  help: `
SYNOPSIS
    waybill users list [--format=json|table]

DESCRIPTION
    JOINED is empty for somebody whom only a policy or an invitation names.

OPTIONS${administrationHelp}
`,
  load: async () => ({ run: (await import("./users.ts")).list }),
};

const invite: Command = {
  ...common,
  name: "invite",
  summary: "make a link with which somebody comes in",
  help: `
SYNOPSIS
    waybill users invite EMAIL

DESCRIPTION
    Prints a link that works once, within 24 hours: whoever opens it becomes that user and chooses a password or a
    passkey. Send it to nobody else. For somebody who was here before it is a new way in, for a lost password; an
    earlier link ends. What they may do is up to roles (waybill projects add-iam-policy-binding --member=user:EMAIL).

OPTIONS${administrationHelp}
`,
  positionals: email,
  load: async () => ({ run: (await import("./users.ts")).invite }),
};

const disable: Command = {
  ...common,
  name: "disable",
  summary: "sign somebody out everywhere and let them in no more",
  help: `
SYNOPSIS
    waybill users disable EMAIL

DESCRIPTION
    Their sessions and logins end at once, and stay ended when the user is enabled again.

OPTIONS${administrationHelp}
`,
  positionals: email,
  load: async () => ({ run: (await import("./users.ts")).disable }),
};

const enable: Command = {
  ...common,
  name: "enable",
  summary: "let a disabled user sign in again",
  help: `
SYNOPSIS
    waybill users enable EMAIL

OPTIONS${administrationHelp}
`,
  positionals: email,
  load: async () => ({ run: (await import("./users.ts")).enable }),
};

const remove: Command = {
  ...common,
  name: "delete",
  summary: "delete a user",
  help: `
SYNOPSIS
    waybill users delete EMAIL [--quiet]

DESCRIPTION
    Their sessions and logins end at once. A later user of that e-mail is somebody else, and inherits no role.

OPTIONS${administrationHelp}
`,
  positionals: email,
  load: async () => ({ run: (await import("./users.ts")).remove }),
};

/** `list` and `end`, of sessions or logins. */
function inUse(kind: "sessions" | "logins", what: string, id: string): Group {
  return {
    name: kind,
    summary: `list and end ${what}`,
    help: `
SYNOPSIS
    waybill users ${kind} COMMAND EMAIL

DESCRIPTION
    The ${what} of a user.
`,
    commands: [
      {
        ...common,
        name: "list",
        summary: `list the ${what} of a user`,
        help: `
SYNOPSIS
    waybill users ${kind} list EMAIL [--format=json|table]

OPTIONS${administrationHelp}
`,
        positionals: email,
        load: async () => ({ run: (await import("./in-use.ts")).list(kind) }),
      },
      {
        ...common,
        name: "end",
        summary: `end one of the ${what} of a user`,
        help: `
SYNOPSIS
    waybill users ${kind} end EMAIL ${id}

DESCRIPTION
    It is refused from the next request on.

OPTIONS${administrationHelp}
`,
        positionals: { name: `EMAIL ${id}`, min: 2, max: 2 },
        load: async () => ({ run: (await import("./in-use.ts")).end(kind) }),
      },
    ],
  };
}

/** `waybill users`: the people of a server. */
export const users: Group = {
  name: "users",
  summary: "people: invitations, who may sign in, and where they are signed in",
  help: `
SYNOPSIS
    waybill users COMMAND

DESCRIPTION
    People belong to the server and to no project. The first one, its owner, comes in by the link of \`waybill setup\`.
`,
  commands: [
    list,
    invite,
    disable,
    enable,
    remove,
    inUse("sessions", "browsers that are signed in", "SESSION"),
    inUse("logins", "programs that may act", "LOGIN"),
  ],
};
