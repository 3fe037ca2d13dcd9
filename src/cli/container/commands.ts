import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command, Group } from "../command.ts";
import { cleanup, rules } from "./rules-commands.ts";

const common = { options: administrationOptions, choices: administrationChoices } as const;
const limitHelp = `
    --limit=N            show N at most`;

const list: Command = {
  ...common,
  name: "list",
  summary: "list the images of a project",
  help: `
SYNOPSIS
    waybill container images list [--repository=HOST/PROJECT[/PATH]] [--limit=N] [--format=json|table]

DESCRIPTION
    Lists the names that come next below a project, or below a path in it. Without --repository: every image of the
    server that you may list.

OPTIONS
    --repository=PATH    like gcr.io/my-project; gcr.io/example.com/my-project for example.com:my-project${limitHelp}${administrationHelp}
`,
  options: { ...administrationOptions, repository: { type: "string" }, limit: { type: "string" } },
  load: async () => ({ run: (await import("./list.ts")).list }),
};

const listTags: Command = {
  ...common,
  name: "list-tags",
  summary: "list the tags and digests of an image",
  help: `
SYNOPSIS
    waybill container images list-tags IMAGE [--limit=N] [--format=json|table]

DESCRIPTION
    The youngest first, also those without a tag. Times are when an image was made, in UTC. A registry that tells only
    tags is asked what each points at.

OPTIONS
    IMAGE                HOST/PROJECT/IMAGE, without tag and digest${limitHelp}${administrationHelp}
`,
  options: { ...administrationOptions, limit: { type: "string" } },
  positionals: { name: "IMAGE", min: 1, max: 1 },
  load: async () => ({ run: (await import("./list-tags.ts")).listTags }),
};

const describe: Command = {
  ...common,
  name: "describe",
  summary: "show an image's digest, size, platforms and times",
  help: `
SYNOPSIS
    waybill container images describe IMAGE[:TAG|@DIGEST] [--format=json]

OPTIONS
    IMAGE                HOST/PROJECT/IMAGE; the tag is latest where none is named${administrationHelp}
`,
  positionals: { name: "IMAGE", min: 1, max: 1 },
  load: async () => ({ run: (await import("./describe.ts")).describe }),
};

const addTag: Command = {
  ...common,
  name: "add-tag",
  summary: "give an image more tags",
  help: `
SYNOPSIS
    waybill container images add-tag IMAGE[:TAG|@DIGEST] NEW_IMAGE:TAG… [--quiet]

DESCRIPTION
    Points tags at an image that is there already, in the same repository or another one of the same registry. No byte
    of its layers moves. A tag that points elsewhere is moved.

OPTIONS${administrationHelp}
`,
  positionals: { name: "IMAGE NEW_IMAGE:TAG", min: 2, max: 50 },
  load: async () => ({ run: (await import("./add-tag.ts")).addTag }),
};

const untag: Command = {
  ...common,
  name: "untag",
  summary: "remove tags and leave their images",
  help: `
SYNOPSIS
    waybill container images untag IMAGE:TAG… [--quiet]

OPTIONS${administrationHelp}
`,
  positionals: { name: "IMAGE:TAG", min: 1, max: 50 },
  load: async () => ({ run: (await import("./untag.ts")).untag }),
};

const remove: Command = {
  ...common,
  name: "delete",
  summary: "delete images",
  help: `
SYNOPSIS
    waybill container images delete IMAGE[:TAG|@DIGEST]… [--force-delete-tags] [--quiet]

DESCRIPTION
    Deletes images and the tags by which they were named. An image that has other tags too is left alone, unless
    --force-delete-tags says that these may go with it.

OPTIONS
    --force-delete-tags  delete every tag that points at the images${administrationHelp}
`,
  options: { ...administrationOptions, "force-delete-tags": { type: "boolean" } },
  positionals: { name: "IMAGE", min: 1, max: 50 },
  load: async () => ({ run: (await import("./remove.ts")).remove }),
};

const images: Group = {
  name: "images",
  summary: "images in a registry",
  help: `
SYNOPSIS
    waybill container images COMMAND

DESCRIPTION
    Works on any registry, ours and Google's, as the identity that is meant for it. Images are named
    HOST/PROJECT/IMAGE[:TAG|@DIGEST].
`,
  commands: [list, listTags, describe, addTag, untag, remove],
};

/** `waybill container …` */
export const container: Group = {
  name: "container",
  summary: "look at images, tag and delete them; rules for them",
  help: `
SYNOPSIS
    waybill container images COMMAND
    waybill container rules COMMAND --project=PROJECT
    waybill container cleanup --project=PROJECT
`,
  commands: [images, rules, cleanup],
};
