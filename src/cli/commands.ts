import { audit } from "./audit/commands.ts";
import { auth } from "./auth/commands.ts";
import type { Command, Group } from "./command.ts";
import { completion } from "./completion/command.ts";
import { config } from "./config/commands.ts";
import { container } from "./container/commands.ts";
import { copy } from "./copy/command.ts";
import { docker } from "./docker/command.ts";
import { doctor } from "./doctor/command.ts";
import { bazelCredentialHelper, kubeletCredentialProvider } from "./faces.ts";
import { iam } from "./iam/commands.ts";
import { metadataServer } from "./metadata-server/command.ts";
import { migrate } from "./migrate/command.ts";
import { backup, gc, restore, verify } from "./operations/commands.ts";
import { projects } from "./projects/commands.ts";
import { resourceManager } from "./resource-manager/commands.ts";
import { server } from "./server/commands.ts";
import { trace } from "./trace/command.ts";
import { users } from "./users/commands.ts";

const serve: Command = {
  name: "serve",
  summary: "run the registry",
  help: async () => `
SYNOPSIS
    waybill serve [--data DIR] [--listen HOST:PORT] [--config FILE] [--admin-key FILE] [--SETTING VALUE…]

DESCRIPTION
    Starts the registry with its token service and stays in the foreground. The first start makes the data folder and
    the signing keys and prints the next commands to type. "ready: http://HOST:PORT" appears on standard output once
    requests are answered. SIGTERM lets what is in flight finish and exits 0.

OPTIONS
${(await import("../config/config-reference.ts")).configHelp().replaceAll(/^ {2}/gm, "    ")}
`,
  rawArguments: true,
  load: () => import("./serve.ts"),
};

const setup: Command = {
  name: "setup",
  summary: "make the first owner of a running registry",
  help: `
SYNOPSIS
    waybill setup [--data DIR] [--key-file FILE]

DESCRIPTION
    Speaks to the registry that runs over the data folder, through a socket that only its owner can open, and prints
    a single-use link to the console. With --key-file it writes an owner's JSON key to FILE instead.

OPTIONS
    --data DIR       the data folder of the running registry (default ./waybill-data)
    --key-file FILE  write a JSON key here (readable by you only)
`,
  rawArguments: true,
  load: () => import("./setup.ts"),
};

const version: Command = {
  name: "version",
  summary: "print the version",
  help: `
SYNOPSIS
    waybill version
`,
  load: () => import("./version.ts"),
};

/** Every command of the program. A new group is one more import and one more name in this list. */
export const root: Group = {
  name: "waybill",
  summary: "container registry with Google-style authentication, and the Docker credential helper for it",
  help: `
SYNOPSIS
    waybill COMMAND [ARGUMENT…] [--FLAG…]

DESCRIPTION
    \`waybill COMMAND --help\` explains a command. Data goes to standard output, everything else to standard error.

EXIT CODES
    0  done
    1  refused or failed
    2  wrong usage
`,
  commands: [
    serve,
    setup,
    server,
    gc,
    verify,
    backup,
    restore,
    auth,
    audit,
    config,
    docker,
    copy,
    migrate,
    doctor,
    trace,
    projects,
    container,
    iam,
    resourceManager,
    users,
    metadataServer,
    kubeletCredentialProvider,
    bazelCredentialHelper,
    completion,
    version,
  ],
};
