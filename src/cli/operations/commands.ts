import type { ParseArgsOptionsConfig } from "node:util";
import type { Command } from "../command.ts";

const options = { data: { type: "string" }, format: { type: "string" } } satisfies ParseArgsOptionsConfig;
/** Of commands that also work on an installation whose database is elsewhere. */
const placeOptions = {
  ...options,
  database: { type: "string" },
  "database-file": { type: "string" },
  blobs: { type: "string" },
  "blobs-credentials": { type: "string" },
} satisfies ParseArgsOptionsConfig;
const choices = { format: ["json", "text"] } as const;
const commonHelp = `
    --data=DIR           the data folder of the installation (default ./waybill-data)
    --format=json|text   json is for programs`;

const placeHelp = `
    --data=DIR           the data folder of the installation, or of one of its nodes (default ./waybill-data)
    --database-file=FILE holds the URL of an external database (or --database=URL, or WAYBILL_DATABASE)
    --blobs=PLACE        where the blobs lie, if not in the data folder: another folder, or s3://BUCKET…
    --blobs-credentials=FILE
                         holds credentials for S3, which otherwise come from AWS_ACCESS_KEY_ID and its like
    --format=json|text   json is for programs`;

export const gc: Command = {
  name: "gc",
  summary: "remove what no image needs any more",
  help: `
SYNOPSIS
    waybill gc [--dry-run] [--data=DIR] [--database-file=FILE] [--blobs=PLACE] [--format=json|text]

DESCRIPTION
    A running registry does this by itself every few minutes; this does it now. Blobs that no manifest of their
    repository names are hidden after half the grace period (waybill serve --garbage-grace-hours, 24 by default) and
    removed after all of it, so that no push that is under way loses what it counts on. Manifests stay until they are
    deleted, tagged or not.

OPTIONS
    --dry-run            only say what would be done${placeHelp}

EXAMPLES
    waybill gc --dry-run
`,
  options: { ...placeOptions, "dry-run": { type: "boolean" } },
  choices,
  load: async () => await import("./gc.ts"),
};

export const verify: Command = {
  name: "verify",
  summary: "compare every stored byte with its digest",
  help: `
SYNOPSIS
    waybill verify [--data=DIR] [--database-file=FILE] [--blobs=PLACE] [--format=json|text]

DESCRIPTION
    Reads every blob and every manifest of an installation, also while its registry runs, and compares them with their
    digests. A blob that is damaged is refused from then on, until somebody pushes it again. Exits 1 when something is
    damaged. A running registry does this by itself, slowly (waybill serve --scrub-days).

OPTIONS${placeHelp}
`,
  options: placeOptions,
  choices,
  load: async () => await import("./verify.ts"),
};

export const backup: Command = {
  name: "backup",
  summary: "copy an installation while it runs",
  help: `
SYNOPSIS
    waybill backup DIR|FILE.tar [--data=DIR] [--database-file=FILE] [--blobs=PLACE] [--format=json|text]

DESCRIPTION
    Copies the database as it is at one moment, and every blob in it, while the registry goes on. A folder is brought up
    to date by the next backup into it; a file is always whole. A folder on the same disk as the installation shares its
    blobs with it and costs next to nothing: it protects against mistakes, but not against the disk. The backup holds
    the keys that tokens are signed with: keep it as you would keep the installation.

    An installation with an external database, or with blobs on S3, is backed up with the means of that database and of
    its store; this command refuses it. Copy the database first (pg_dump) and the blobs after it, within half of
    --garbage-grace-hours: then every blob that the copy of the database names is there.

OPTIONS
    DIR                  a new or empty folder, or one with an earlier backup of the same installation
    FILE.tar             a file that does not exist yet${placeHelp}

EXAMPLES
    waybill backup /mnt/backup/registry
`,
  options: placeOptions,
  choices,
  positionals: { name: "DIR or FILE.tar", min: 1, max: 1 },
  load: async () => await import("./backup.ts"),
};

export const restore: Command = {
  name: "restore",
  summary: "make an installation of a backup",
  help: `
SYNOPSIS
    waybill restore DIR|FILE.tar [--data=DIR] [--replaces-original] [--format=json|text]

DESCRIPTION
    Makes a new installation of a backup, comparing every blob with its digest on the way. It never writes over an
    installation. Projects, accounts, keys and images keep their ids.

    What is restored counts as a second installation beside the first: it has an id of its own, tokens of the original
    are worth nothing to it, and keys from before the restore must name this server in what they sign, which gcloud does
    not: give those who use gcloud new keys. With --replaces-original it is the same installation as before, and
    everything goes on as it was. Exits 1 when blobs of the backup are damaged: all others are there.

OPTIONS
    DIR|FILE.tar         what waybill backup made
    --replaces-original  the original is gone for good, and will not run again${commonHelp}

EXAMPLES
    waybill restore /mnt/backup/registry --data=./waybill-data --replaces-original
`,
  options: { ...options, "replaces-original": { type: "boolean" } },
  choices,
  positionals: { name: "DIR or FILE.tar", min: 1, max: 1 },
  load: async () => await import("./restore.ts"),
};
