import { sourceNames } from "../../sources/token-source.ts";
import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command } from "../command.ts";

/** `waybill migrate` */
export const migrate: Command = {
  name: "migrate",
  summary: "move a project here from another registry, while it is used",
  help: `
SYNOPSIS
    waybill migrate --from=HOST/PROJECT [--project=P] [--upstream-credentials=SOURCE] [--location=HOST]
    waybill migrate status --project=P [--format=json]
    waybill migrate callers --project=P [--key-days=N] [--format=json]

DESCRIPTION
    Makes a project here that is a cache of the one there: whoever asks for an image gets it from the first moment on.
    The server then brings over everything else and all tags by itself, in the background; it goes on after a restart.
    Called once more it looks for what is new, and tries again what had failed.

    status says how far that is. callers lists who still logs in with a long-lived key: those who sent the key itself as
    a password, and those whose key is older than N days.

OPTIONS
    --from=PLACE         gcr.io/my-project
    --project=P          the project here (default: the name it has there)
    --upstream-credentials=SOURCE
                         the server's own token source that logs in there:
                         ${sourceNames.join(", ")}
    --location=HOST      the storage location that images are brought to (default: the server's first)
    --key-days=N         keys older than this are long-lived (default 90)${administrationHelp}

EXAMPLES
    waybill migrate --from gcr.io/my-project --upstream-credentials=gcloud
    waybill migrate status --project=my-project
`,
  options: {
    ...administrationOptions,
    from: { type: "string" },
    project: { type: "string" },
    "upstream-credentials": { type: "string" },
    location: { type: "string" },
    "key-days": { type: "string" },
  },
  choices: { ...administrationChoices, "upstream-credentials": sourceNames },
  positionals: { name: "status or callers", min: 0, max: 1 },
  load: () => import("./migrate.ts"),
};
