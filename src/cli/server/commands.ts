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

const placeOptions = `    --data=DIR           the data folder of the installation (default ./waybill-data)
    --database-file=FILE holds the URL of an external database (or --database=URL, or WAYBILL_DATABASE)
    --format=json|text   json is for programs
`;
const place = {
  options: {
    data: { type: "string" },
    database: { type: "string" },
    "database-file": { type: "string" },
    format: { type: "string" },
  },
  choices: { format: ["json", "text"] },
} as const;

const webhooksList: Command = {
  name: "list",
  summary: "how many events wait for each receiver, and how many were given up",
  help: `
SYNOPSIS
    waybill server webhooks list [--data=DIR] [--format=json|text]

OPTIONS
${placeOptions}`,
  ...place,
  load: async () => ({ run: (await import("./webhooks.ts")).list }),
};

const deadLetters: Command = {
  name: "dead-letters",
  summary: "events that were given up, and why",
  help: `
SYNOPSIS
    waybill server webhooks dead-letters [--limit=N] [--data=DIR] [--format=json|text]

DESCRIPTION
    An event is given up after ten attempts within about a day, or when the receiver answers 410. It is kept for
    30 days.

OPTIONS
    --limit=N            so many at most, the oldest first (default 100)
${placeOptions}`,
  ...place,
  options: { ...place.options, limit: { type: "string" } },
  load: async () => ({ run: (await import("./webhooks.ts")).deadLetters }),
};

const retry: Command = {
  name: "retry",
  summary: "try again to tell what was given up",
  help: `
SYNOPSIS
    waybill server webhooks retry [EVENT] [--data=DIR] [--format=json|text]

DESCRIPTION
    Delivers one event again, or all that were given up. They keep their ids, so that a receiver knows what it has.

OPTIONS
${placeOptions}`,
  ...place,
  positionals: { name: "EVENT", min: 0, max: 1 },
  load: async () => ({ run: (await import("./webhooks.ts")).retry }),
};

const webhooks: Group = {
  name: "webhooks",
  summary: "events that others are told of",
  help: `
SYNOPSIS
    waybill server webhooks COMMAND [--FLAG…]

DESCRIPTION
    \`waybill serve --webhooks=FILE\` tells receivers of pushes and deletions; docs/operations.md shows the file.
`,
  commands: [webhooksList, deadLetters, retry],
};

const check: Command = {
  name: "check",
  summary: "look at disk, clock, TLS, database, store and queue",
  help: `
SYNOPSIS
    waybill server check [--config=FILE] [--SETTING=VALUE…] [--format=json|text]

DESCRIPTION
    Takes the settings of \`waybill serve\` and looks at everything that server needs, whether it runs or not; each thing
    that is not well comes with what mends it. Nothing is changed. The exit code is 1 when something failed.

OPTIONS
    --format=json|text   json is for programs: a list of {check, status, found, mend}
    --SETTING=VALUE      any flag of \`waybill serve\`, --config=FILE included

EXAMPLES
    waybill server check --config=/etc/waybill/waybill.yaml
`,
  rawArguments: true,
  load: () => import("./check.ts"),
};

const migrate: Command = {
  name: "migrate",
  summary: "bring the database's schema to this version, or one migration back",
  help: `
SYNOPSIS
    waybill server migrate [--back [--force]] [--dry-run] [--data=DIR] [--database-file=FILE] [--format=json|text]

DESCRIPTION
    A server brings the schema to its version by itself when it starts; this does it beforehand, or shows what would be
    done. An older version refuses a newer schema: before a return to it, stop every server, and take back, with the
    newer version's program, every migration that it brought. Each --back takes the last one back, and says what is
    lost. A migration without a way back is refused, and so is going back while a server runs.

OPTIONS
    --back               take the last migration back
    --dry-run            only say what would be done; a server may run
    --force              go back though sessions are open on an external database that may be a server's
${placeOptions}
EXAMPLES
    waybill server migrate --dry-run
    waybill server migrate --back
`,
  ...place,
  options: {
    ...place.options,
    back: { type: "boolean" },
    "dry-run": { type: "boolean" },
    force: { type: "boolean" },
  },
  load: async () => await import("./migrate.ts"),
};

/** `waybill server …` */
export const server: Group = {
  name: "server",
  summary: "care for an installation",
  help: `
SYNOPSIS
    waybill server COMMAND [--FLAG…]
`,
  commands: [check, migrate, rotateKeys, webhooks],
};
