import { sourceNames } from "../../sources/token-source.ts";
import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";
import { conditionHelp } from "../policy-help.ts";
import { setQuota, update } from "./settings-commands.ts";

const project = { name: "PROJECT", min: 1, max: 1 } as const;
const common = { options: administrationOptions, choices: administrationChoices } as const;
const where = { location: { type: "string" }, repository: { type: "string" }, prefix: { type: "string" } } as const;
const whereHelp = `
    --location=HOST      the policy of one storage location of the project instead
    --repository=IMAGE   the policy of one repository there: its path below the project
    --prefix=FOLDER      the policy of all repositories below a path there, like team for team/app`;

const create: Command = {
  ...common,
  name: "create",
  summary: "make a project",
  help: `
SYNOPSIS
    waybill projects create PROJECT [--name=TEXT] [--default-accounts]
            [--upstream=HOST[/PREFIX] [--upstream-credentials=SOURCE]] [--format=json|table]

DESCRIPTION
    Makes a project, which images, service accounts and policies belong to. Whoever makes it owns it.

    With --upstream it is a cache of another registry: HOST/PREFIX/IMAGE there is PROJECT/IMAGE here, fetched when it is
    first asked for and kept. Nobody can push to it; who may pull is up to its policy.

OPTIONS
    PROJECT              up to 30 lower-case letters, digits and -, a letter first; DOMAIN:NAME for one of a domain
    --name=TEXT          what it is called for people
    --default-accounts   also make registry@PROJECT… and instance@PROJECT…, both with roles/editor on the project: the
                         first for what serves images, the second for machines (\`waybill metadata-server\`), whose
                         scopes say what of that they may do: devstorage.read_only unless you widen them
    --upstream=PLACE     the registry that it is a cache of, like gcr.io/my-project or docker.io/library
    --upstream-credentials=SOURCE
                         the server's own token source that logs in there:
                         ${sourceNames.join(", ")}
                         (without it: anonymously)${administrationHelp}
`,
  options: {
    ...administrationOptions,
    name: { type: "string" },
    "default-accounts": { type: "boolean" },
    upstream: { type: "string" },
    "upstream-credentials": { type: "string" },
  },
  choices: { ...administrationChoices, "upstream-credentials": sourceNames },
  positionals: project,
  load: async () => ({ run: (await import("./projects.ts")).create }),
};

const list: Command = {
  ...common,
  name: "list",
  summary: "list the projects that you may see",
  help: `
SYNOPSIS
    waybill projects list [--format=json|table]

OPTIONS${administrationHelp}
`,
  load: async () => ({ run: (await import("./projects.ts")).list }),
};

const describe: Command = {
  ...common,
  name: "describe",
  summary: "show a project, and how many bytes its images use",
  help: `
SYNOPSIS
    waybill projects describe PROJECT [--format=json|table]

OPTIONS
    PROJECT              its id or its number${administrationHelp}
`,
  positionals: project,
  load: async () => ({ run: (await import("./projects.ts")).describe }),
};

const remove: Command = {
  ...common,
  name: "delete",
  summary: "delete a project",
  help: `
SYNOPSIS
    waybill projects delete PROJECT [--quiet]

DESCRIPTION
    Ends everything that the project's accounts may do and all access to its images. Its name becomes free; a later
    project of that name inherits nothing.

OPTIONS${administrationHelp}
`,
  positionals: project,
  load: async () => ({ run: (await import("./projects.ts")).remove }),
};

const getPolicy: Command = {
  ...common,
  name: "get-iam-policy",
  summary: "show who has which roles on a project",
  help: `
SYNOPSIS
    waybill projects get-iam-policy PROJECT [--location=HOST [--repository=IMAGE|--prefix=FOLDER]] [--format=json|table]

OPTIONS${whereHelp}${administrationHelp}
`,
  options: { ...administrationOptions, ...where },
  positionals: project,
  load: async () => ({ run: (await import("./policy.ts")).get }),
};

const setPolicy: Command = {
  ...common,
  name: "set-iam-policy",
  summary: "replace the policy of a project",
  help: `
SYNOPSIS
    waybill projects set-iam-policy PROJECT POLICY-FILE [--location=HOST [--repository=IMAGE|--prefix=FOLDER]]

DESCRIPTION
    Puts the policy of the file in the place of the project's. While the file has an etag, it is refused when somebody
    changed the policy since.

OPTIONS
    POLICY-FILE          JSON or YAML, as get-iam-policy --format=json writes it${whereHelp}${administrationHelp}
`,
  options: { ...administrationOptions, ...where },
  positionals: { name: "PROJECT POLICY-FILE", min: 2, max: 2 },
  load: async () => ({ run: (await import("./policy.ts")).set }),
};

const bindingHelp = `
OPTIONS
    --member=MEMBER      user:EMAIL, serviceAccount:EMAIL, group:EMAIL, domain:DOMAIN, allAuthenticatedUsers or allUsers
    --role=ROLE          which roles there are: waybill iam roles list; or a project's own, projects/PROJECT/roles/NAME${conditionHelp}${whereHelp}${administrationHelp}
`;
const bindingOptions = {
  ...administrationOptions,
  ...where,
  member: { type: "string" },
  role: { type: "string" },
  condition: { type: "string" },
} as const;

const addBinding: Command = {
  ...common,
  name: "add-iam-policy-binding",
  summary: "give somebody a role on a project",
  help: `
SYNOPSIS
    waybill projects add-iam-policy-binding PROJECT --member=MEMBER --role=ROLE [--condition=CONDITION]
            [--location=HOST [--repository=IMAGE|--prefix=FOLDER]]
${bindingHelp}
EXAMPLES
    waybill projects add-iam-policy-binding my-project --role=roles/storage.objectViewer \\
        --member=serviceAccount:robot@my-project.iam.waybill.internal
`,
  options: bindingOptions,
  positionals: project,
  load: async () => ({ run: (await import("./policy.ts")).addBinding }),
};

const removeBinding: Command = {
  ...common,
  name: "remove-iam-policy-binding",
  summary: "take a role on a project from somebody",
  help: `
SYNOPSIS
    waybill projects remove-iam-policy-binding PROJECT --member=MEMBER --role=ROLE [--condition=CONDITION]
            [--location=HOST [--repository=IMAGE|--prefix=FOLDER]]
${bindingHelp}`,
  options: bindingOptions,
  positionals: project,
  load: async () => ({ run: (await import("./policy.ts")).removeBinding }),
};

/** `waybill projects …` */
export const projects: Group = {
  name: "projects",
  summary: "projects, and who may do what in them",
  help: `
SYNOPSIS
    waybill projects COMMAND PROJECT [--FLAG…]
`,
  commands: [create, list, describe, update, setQuota, remove, getPolicy, setPolicy, addBinding, removeBinding],
};
