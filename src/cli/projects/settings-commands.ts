import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command } from "../command.ts";

const positionals = { name: "PROJECT", min: 1, max: 1 } as const;

/** `waybill projects update` */
export const update: Command = {
  name: "update",
  summary: "close a project to pushes and deletes, or open it",
  help: `
SYNOPSIS
    waybill projects update PROJECT --read-only | --no-read-only

DESCRIPTION
    Images of a read-only project can be pulled, and neither pushed nor deleted, by anybody or by rules.

OPTIONS
    --read-only          close it
    --no-read-only       open it again${administrationHelp}
`,
  options: { ...administrationOptions, "read-only": { type: "boolean" }, "no-read-only": { type: "boolean" } },
  choices: administrationChoices,
  positionals,
  load: async () => ({ run: (await import("./settings.ts")).update }),
};

/** `waybill projects set-quota` */
export const setQuota: Command = {
  name: "set-quota",
  summary: "set how many bytes the images of a project may use",
  help: `
SYNOPSIS
    waybill projects set-quota PROJECT --bytes=SIZE | --unlimited

DESCRIPTION
    For those who own the whole server. A blob counts once in a project, however many of its images have it. What is
    over a new quota stays; pushes that add to it are refused. How much is used: waybill projects describe PROJECT

OPTIONS
    --bytes=SIZE         like 10GiB, 500MB or a number of bytes
    --unlimited          take the quota away${administrationHelp}
`,
  options: { ...administrationOptions, bytes: { type: "string" }, unlimited: { type: "boolean" } },
  choices: administrationChoices,
  positionals,
  load: async () => ({ run: (await import("./settings.ts")).setQuota }),
};
