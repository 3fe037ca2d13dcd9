import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";

const options = {
  ...administrationOptions,
  project: { type: "string" },
  location: { type: "string" },
  repository: { type: "string" },
} as const;
const choices = { format: ["json", "yaml"] } as const;
const whereHelp = `
    --project=PROJECT    the project whose rules these are: the default of its repositories
    --repository=IMAGE   the rules of one repository instead: its path below the project
    --location=HOST      where the repository lies (default: "default", that of a server without --hosts)`;
const help = administrationHelp.replace("json|table  json is what the server answered", "json|yaml   (default: yaml)");

const describe: Command = {
  name: "describe",
  summary: "show the rules of a project or a repository",
  help: `
SYNOPSIS
    waybill container rules describe --project=PROJECT [--repository=IMAGE] [--format=json|yaml]

OPTIONS${whereHelp}${help}
`,
  options,
  choices,
  load: async () => ({ run: (await import("./rules.ts")).describe }),
};

const set: Command = {
  name: "set",
  summary: "replace the rules of a project or a repository",
  help: `
SYNOPSIS
    waybill container rules set --project=PROJECT [--repository=IMAGE] FILE

DESCRIPTION
    FILE is JSON or YAML with Artifact Registry's fields. A list is taken for cleanup policies, as gcloud has them in a
    file, and leaves the other rules as they are. A field that a repository does not have is its project's.

    cleanupPolicies      a list of {name, action: Keep or Delete, and either condition: {tagState: TAGGED, UNTAGGED or
                         ANY; tagPrefixes, packageNamePrefixes, versionNamePrefixes, olderThan: 30d, newerThan} or
                         mostRecentVersions: {keepCount}}. What one policy keeps, no other deletes.
    cleanupPolicyDryRun  true: cleanup says what it would delete, and deletes nothing
    dockerConfig         immutableTags: true, or immutableTagPatterns: ["v*"]: nobody can move or delete these tags, nor
                         delete the images that they name

    While the file has an etag, it is refused when somebody changed the rules since.

OPTIONS
    FILE                 as describe writes it${whereHelp}${help}

EXAMPLES
    dockerConfig: {immutableTagPatterns: ["v*"]}
    cleanupPolicies:
      - {name: untagged, action: Delete, condition: {tagState: UNTAGGED, olderThan: 7d}}
      - {name: keep-ten, action: Keep, mostRecentVersions: {keepCount: 10}}
`,
  options,
  choices,
  positionals: { name: "FILE", min: 1, max: 1 },
  load: async () => ({ run: (await import("./rules.ts")).set }),
};

const remove: Command = {
  name: "delete",
  summary: "take the rules of a project or a repository away",
  help: `
SYNOPSIS
    waybill container rules delete --project=PROJECT [--repository=IMAGE] [--quiet]

OPTIONS${whereHelp}${help}
`,
  options,
  choices,
  load: async () => ({ run: (await import("./rules.ts")).remove }),
};

/** `waybill container rules …` */
export const rules: Group = {
  name: "rules",
  summary: "what is kept, deleted and never changed",
  help: `
SYNOPSIS
    waybill container rules COMMAND --project=PROJECT [--repository=IMAGE]
`,
  commands: [describe, set, remove],
};

/** `waybill container cleanup` */
export const cleanup: Command = {
  name: "cleanup",
  summary: "delete now what the rules let go",
  help: `
SYNOPSIS
    waybill container cleanup --project=PROJECT [--dry-run] [--format=json|table] [--quiet]

DESCRIPTION
    A running server does this by itself every hour. Bytes are freed later, by garbage collection.

OPTIONS
    --project=PROJECT    whose images
    --dry-run            only say what would go${administrationHelp}
`,
  options: { ...administrationOptions, project: { type: "string" }, "dry-run": { type: "boolean" } },
  choices: administrationChoices,
  load: async () => ({ run: (await import("./cleanup.ts")).run }),
};
