import { sourceNames } from "../../sources/token-source.ts";
import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command } from "../command.ts";

/** `waybill migrate` */
export const migrate: Command = {
  name: "migrate",
  summary: "bring images here from elsewhere, or move an installation to other storage",
  help: `
SYNOPSIS
    waybill migrate --from=HOST/PROJECT [--project=P] [--upstream-credentials=SOURCE] [--location=HOST]
    waybill migrate status --project=P [--format=json]
    waybill migrate callers --project=P [--key-days=N] [--format=json]
    waybill migrate folder DIR HOST/PROJECT [--untagged] [--dry-run] [--format=json]
    waybill migrate installation [--data=DIR] [--database=URL] [--blobs=PLACE]
                    --to-data=DIR | --to-database=URL --to-blobs=PLACE  [--prepare] [--format=json]
    waybill migrate installation --give-up [--data=DIR] [--database=URL]

DESCRIPTION
    Makes a project here that is a cache of the one there: whoever asks for an image gets it from the first moment on.
    The server then brings over everything else and all tags by itself, in the background; it goes on after a restart.
    Called once more it looks for what is new, and tries again what had failed.

    status says how far that is. callers lists who still logs in with a long-lived key: those who sent the key itself as
    a password, and those whose key is older than N days.

    folder brings the images of a folder: the storage of docker-registry (distribution) or of zot, whose names are
    kept below HOST/PROJECT, or an OCI image layout, which becomes HOST/PROJECT/IMAGE. Tags, indexes, and what
    refers to an image come along; every byte is compared with its digest; what is there already is not sent. An
    image that is damaged is told, and all others come. Links and other tricks in the folder are refused.

    installation moves everything to other storage, in either direction: accounts, keys, policies, images, the audit
    log, uploads that are under way. Servers go on meanwhile; what changes is brought after. When all is compared,
    row by row and each blob with its digest, the installation is closed to writes for as long as the last changes
    take: pulls go on, pushes are told to try again. From then on it is at the other place only. Ended at any
    moment, by force too, the same command goes on where it was. docs/moving.md tells it step by step.

OPTIONS
    --from=PLACE         gcr.io/my-project
    --project=P          the project here (default: the name it has there)
    --upstream-credentials=SOURCE
                         the server's own token source that logs in there:
                         ${sourceNames.join(", ")}
    --location=HOST      the storage location that images are brought to (default: the server's first)
    --key-days=N         keys older than this are long-lived (default 90)
    --untagged           also what lost its tag in docker-registry's storage
    --dry-run            say what would be brought, and bring nothing
    --data=DIR, --database=URL, --database-file=FILE, --blobs=PLACE
                         what the installation's servers were started with (default: ./waybill-data)
    --to-data=DIR, --to-database=URL, --to-database-file=FILE, --to-blobs=PLACE
                         what they are to be started with; a FILE holds the URL, so that nobody reads its password
    --blobs-credentials=FILE, --to-blobs-credentials=FILE
                         S3 credentials (default: AWS_ACCESS_KEY_ID and its like)
    --prepare            copy, compare, and stop before the installation is closed to writes
    --give-up            forget a move that is not finished: the installation goes on as before${administrationHelp}

EXAMPLES
    waybill migrate --from gcr.io/my-project --upstream-credentials=gcloud
    waybill migrate status --project=my-project
    waybill migrate folder /var/lib/docker-registry localhost:5000/my-project
    waybill migrate installation --data=./waybill-data --to-database-file=database --to-blobs=/mnt/blobs
`,
  options: {
    ...administrationOptions,
    from: { type: "string" },
    project: { type: "string" },
    "upstream-credentials": { type: "string" },
    location: { type: "string" },
    "key-days": { type: "string" },
    data: { type: "string" },
    database: { type: "string" },
    "database-file": { type: "string" },
    blobs: { type: "string" },
    "to-data": { type: "string" },
    "to-database": { type: "string" },
    "to-database-file": { type: "string" },
    "to-blobs": { type: "string" },
    "blobs-credentials": { type: "string" },
    "to-blobs-credentials": { type: "string" },
    untagged: { type: "boolean" },
    "dry-run": { type: "boolean" },
    prepare: { type: "boolean" },
    "give-up": { type: "boolean" },
  },
  choices: { ...administrationChoices, "upstream-credentials": sourceNames },
  positionals: { name: "status, callers, folder or installation", min: 0, max: 3 },
  load: () => import("./migrate.ts"),
};
