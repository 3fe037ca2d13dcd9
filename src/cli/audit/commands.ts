import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";

const filterHelp = `
FILTERS
    FIELD=VALUE, FIELD!=VALUE and FIELD:PART, joined by AND; time>=2026-11-24T12:00:00Z and time<2026-11-25.
    Values with spaces stand in double quotes. The fields:
        kind        token.issued, token.refused, credential.refused, decision.refused, administration,
                    image.pushed, image.deleted, image.first-pulled, blob.pushed, upload.cancelled, session,
                    repeated, log.opened, log.dropped
        principal   serviceAccount:EMAIL or user:EMAIL; id is the same with the immutable id
        credential, key, address, agent, project (its number), method, resource, repository, digest,
        digests (of blobs), permission, reason, outcome, grant, token, node`;

const whichOptions = {
  ...administrationOptions,
  project: { type: "string" },
  filter: { type: "string" },
  since: { type: "string" },
} as const;

const whichHelp = `
    --project=P          what concerns this project (default: the whole server)
    --filter=EXPR        only what it says; see FILTERS
    --since=TIME         from then on: 90s, 15m, 12h, 30d ago, or a time like 2026-11-24T12:00:00Z`;

const read: Command = {
  name: "read",
  summary: "show what happened",
  help: `
SYNOPSIS
    waybill audit read [--project=P] [--filter=EXPR] [--since=TIME] [--limit=N] [--follow] [--format=json]

DESCRIPTION
    The audit log has every token that was issued or refused, every decision that refused, every change and every push,
    delete and first pull. The latest entries are shown, the oldest of them first.

OPTIONS${whichHelp}
    --limit=N            so many at most (default 50)
    -f, --follow         then go on with what happens, until interrupted; with --format=json, one entry a line${administrationHelp}
${filterHelp}

EXAMPLES
    waybill audit read --project=my-project --filter='kind=decision.refused AND permission:upload' --since=1d
    waybill audit read --follow --filter=kind=administration
`,
  options: { ...whichOptions, limit: { type: "string" }, follow: { type: "boolean", short: "f" } },
  choices: administrationChoices,
  load: () => import("./read.ts"),
};

const exportLog: Command = {
  name: "export",
  summary: "write the log to a file, one JSON object a line",
  help: `
SYNOPSIS
    waybill audit export FILE|- [--project=P] [--filter=EXPR] [--since=TIME]

DESCRIPTION
    Writes every entry, the oldest first. The file appears when it is whole. What comes after "hash" on a line is what
    the hash is of, after the hash of the entry before it and a line break.

OPTIONS${whichHelp}${administrationHelp}
${filterHelp}
`,
  options: whichOptions,
  choices: administrationChoices,
  positionals: { name: "FILE", min: 1, max: 1 },
  load: () => import("./export.ts"),
};

const verify: Command = {
  name: "verify",
  summary: "check that nothing in the log was changed",
  help: `
SYNOPSIS
    waybill audit verify [--format=json]

DESCRIPTION
    Has the server hash every entry again and compare it with the chain and with the checkpoints that it signed every
    minute. Says which segment is broken, and where; exit code 1 then.

OPTIONS${administrationHelp}
`,
  options: administrationOptions,
  choices: administrationChoices,
  load: () => import("./verify.ts"),
};

/** `waybill audit` */
export const audit: Group = {
  name: "audit",
  summary: "what happened: read, export and check the audit log",
  help: `
SYNOPSIS
    waybill audit read|export|verify

DESCRIPTION
    Needs the permission logging.logEntries.list on the project, or on the server for all of it: owners have it, and
    whoever has roles/logging.viewer.
`,
  commands: [read, exportLog, verify],
};
