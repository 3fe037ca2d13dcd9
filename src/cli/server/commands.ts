import type { Command, Group } from "../command.ts";

const rotateKeys: Command = {
  name: "rotate-keys",
  summary: "sign tokens with new keys",
  help: `
SYNOPSIS
    waybill server rotate-keys [--revoke-old] [--data=DIR] [--database-file=FILE] [--format=json|text]

DESCRIPTION
    Lets the next signing keys sign, and makes new next ones; a running registry refuses no request because of it.
    Tokens that were signed before go on being believed until they end. The key of id_tokens waits until others can
    know it, an hour after the last rotation. A registry does all this by itself (waybill serve --signing-key-days, 90
    by default).

OPTIONS
    --revoke-old         believe nothing that the old keys signed: where one may have been stolen. Everybody has to
                         get a new token, which clients do by themselves
    --data=DIR           the data folder of the installation, or of one of its nodes (default ./waybill-data)
    --database-file=FILE holds the URL of an external database (or --database=URL, or WAYBILL_DATABASE)
    --format=json|text   json is for programs

EXAMPLES
    waybill server rotate-keys
`,
  options: {
    data: { type: "string" },
    database: { type: "string" },
    "database-file": { type: "string" },
    format: { type: "string" },
    "revoke-old": { type: "boolean" },
  },
  choices: { format: ["json", "text"] },
  load: async () => await import("./rotate-keys.ts"),
};

/** `waybill server …` */
export const server: Group = {
  name: "server",
  summary: "care for an installation",
  help: `
SYNOPSIS
    waybill server COMMAND [--FLAG…]
`,
  commands: [rotateKeys],
};
