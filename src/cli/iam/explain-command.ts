import { administrationChoices, administrationHelp, administrationOptions } from "../administration.ts";
import type { Command } from "../command.ts";

/** `waybill iam explain` */
export const explain: Command = {
  name: "explain",
  summary: "say why somebody may do something or not",
  help: `
SYNOPSIS
    waybill iam explain [--member=MEMBER] --permission=PERMISSION --resource=RESOURCE
        [--scopes=SCOPE,…] [--groups=GROUP,…] [--attributes=NAME=VALUE,…] [--format=json|table]

DESCRIPTION
    Decides as the server would, and says by which binding, role, group and condition somebody is allowed something;
    or which deny rule or constraint is in the way, or what is missing and the shortest command that would grant it.
    It says which scope a token needs; about yourself, and with --scopes, it also says what the token's scopes leave
    of it.

    Anybody may ask about themselves. Of others, and of policies, you hear what you may read.

    Exits 0 where it is allowed, and 1 where it is not.

OPTIONS
    --member=MEMBER      user:EMAIL, serviceAccount:EMAIL, principal://…, principalSet://… for any one of a set, or
                         allUsers (default: yourself)
    --scopes=SCOPE,…     those of the token that would be shown, like devstorage.read_only or whole
    --groups=GROUP,…     of a principal://: what its outside token says, as the provider maps it
    --attributes=N=V,…   the same of attributes: repository=octo-org/octo-repo
    --permission=NAME    like artifactregistry.repositories.downloadArtifacts; pull, push and delete are short for those
                         of images
    --resource=RESOURCE  an image (HOST/PROJECT/IMAGE), a project, or projects/PROJECT/locations/HOST,
                         …/repositories/IMAGE, …/prefixes/FOLDER, projects/PROJECT/serviceAccounts/EMAIL,
                         organizations/1 for the whole server${administrationHelp}

EXAMPLES
    waybill iam explain --member=user:ann@example.com --permission=push --resource=localhost:5000/my-project/app
`,
  options: {
    ...administrationOptions,
    member: { type: "string" },
    permission: { type: "string" },
    resource: { type: "string" },
    scopes: { type: "string" },
    groups: { type: "string" },
    attributes: { type: "string" },
  },
  choices: administrationChoices,
  load: () => import("./explain.ts"),
};
