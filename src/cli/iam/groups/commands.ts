import { administrationChoices, administrationHelp, administrationOptions } from "../../administration.ts";
import type { Command, Group } from "../../command.ts";

const common = { options: administrationOptions, choices: administrationChoices } as const;
const group = "waybill iam groups";
const one = { name: "GROUP", min: 1, max: 1 } as const;
const memberOptions = { ...administrationOptions, member: { type: "string" } } as const;
const memberHelp = `
    GROUP                its e-mail
    --member=MEMBER      user:EMAIL, serviceAccount:EMAIL, group:EMAIL, principal://… or principalSet://…${administrationHelp}
`;

const create: Command = {
  ...common,
  name: "create",
  summary: "make a group",
  help: `
SYNOPSIS
    ${group} create GROUP [--display-name=TEXT] [--description=TEXT]

DESCRIPTION
    A group is one name in a policy for many members: group:GROUP. Groups are for the whole server, and its owners and
    those with roles/cloudidentity.groupsAdmin change them. A change counts from the next request on.

OPTIONS
    GROUP                NAME@DOMAIN, like team@example.com
    --display-name=TEXT  what it is called for people
    --description=TEXT   what it is for${administrationHelp}
`,
  options: { ...administrationOptions, "display-name": { type: "string" }, description: { type: "string" } },
  positionals: one,
  load: async () => ({ run: (await import("./groups.ts")).create }),
};

const list: Command = {
  ...common,
  name: "list",
  summary: "list the groups",
  help: `
SYNOPSIS
    ${group} list [--format=json|table]

OPTIONS${administrationHelp}
`,
  load: async () => ({ run: (await import("./groups.ts")).list }),
};

const describe: Command = {
  ...common,
  name: "describe",
  summary: "show a group and who is in it",
  help: `
SYNOPSIS
    ${group} describe GROUP [--format=json|table]

OPTIONS${administrationHelp}
`,
  positionals: one,
  load: async () => ({ run: (await import("./groups.ts")).describe }),
};

const addMember: Command = {
  ...common,
  name: "add-member",
  summary: "put somebody into a group",
  help: `
SYNOPSIS
    ${group} add-member GROUP --member=MEMBER

DESCRIPTION
    Groups may be in each other, up to eight deep and in no circle.

OPTIONS${memberHelp}`,
  options: memberOptions,
  positionals: one,
  load: async () => ({ run: (await import("./groups.ts")).addMember }),
};

const removeMember: Command = {
  ...common,
  name: "remove-member",
  summary: "take somebody out of a group",
  help: `
SYNOPSIS
    ${group} remove-member GROUP --member=MEMBER

OPTIONS${memberHelp}`,
  options: memberOptions,
  positionals: one,
  load: async () => ({ run: (await import("./groups.ts")).removeMember }),
};

const remove: Command = {
  ...common,
  name: "delete",
  summary: "delete a group",
  help: `
SYNOPSIS
    ${group} delete GROUP [--quiet]

DESCRIPTION
    Whatever it was granted ends. A later group of that name inherits nothing.

OPTIONS${administrationHelp}
`,
  positionals: one,
  load: async () => ({ run: (await import("./groups.ts")).remove }),
};

/** `waybill iam groups …` */
export const groups: Group = {
  name: "groups",
  summary: "one name in a policy for many members",
  help: `
SYNOPSIS
    ${group} COMMAND [GROUP] [--FLAG…]
`,
  commands: [create, list, describe, addMember, removeMember, remove],
};
