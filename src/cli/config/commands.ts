import type { Command, Group } from "../command.ts";

const hostFlag = "    --host=HOST  for this registry host only, or for all with one ending: *.example.com\n";

async function nameList(): Promise<string> {
  const { keys } = await import("./keys.ts");
  const width = Math.max(...Object.keys(keys).map((name) => name.length));
  const lines = Object.entries(keys).map(([name, { summary }]) => `    ${name.padEnd(width)}  ${summary}\n`);
  return `NAMES\n${lines.join("")}`;
}

const get: Command = {
  name: "get",
  summary: "print a setting",
  help: `
SYNOPSIS
    waybill config get [--host=HOST] NAME

DESCRIPTION
    Prints the setting as \`waybill config set\` takes it. The exit code is 1 when it is not set.

OPTIONS
${hostFlag}`,
  options: { host: { type: "string" } },
  positionals: { name: "NAME", min: 1, max: 1 },
  load: () => import("./get.ts"),
};

const set: Command = {
  name: "set",
  summary: "change a setting",
  help: async () => `
SYNOPSIS
    waybill config set [--host=HOST] NAME VALUE

DESCRIPTION
    Sets it for every host, or for one. What is said for a host counts more than what is said for its ending, and that
    more than what is said for all. Settings that are not of hosts hold everywhere. Lists have commas.

OPTIONS
${hostFlag}
${await nameList()}
SOURCES
    store              the accounts of this machine: \`waybill auth list\`
    token              WAYBILL_ACCESS_TOKEN or WAYBILL_ACCESS_TOKEN_FILE, for the registry that WAYBILL_SERVER names or
                       for Google's; CLOUDSDK_AUTH_ACCESS_TOKEN or CLOUDSDK_AUTH_ACCESS_TOKEN_FILE for Google's
    env                the file that WAYBILL_KEY_FILE or GOOGLE_APPLICATION_CREDENTIALS names, else gcloud's default one
    workload-identity  the identity of a CI job or a pod
    metadata           the identity of a virtual machine at Google
    gcloud             gcloud's active account
    This is also the order in which they are asked. The first that has an identity decides; when it fails, the others
    are not asked unless fallback is true.

EXAMPLES
    waybill config set --host=europe-docker.pkg.dev push true
    waybill config set --host=*.pkg.dev impersonate puller@my-project.iam.gserviceaccount.com
`,
  options: { host: { type: "string" } },
  positionals: { name: "NAME VALUE", min: 2, max: 2 },
  load: () => import("./set.ts"),
};

const list: Command = {
  name: "list",
  summary: "show all settings",
  help: `
SYNOPSIS
    waybill config list [--format=json]

OPTIONS
    --format=json  as data: a list of {host, name, value}
`,
  options: { format: { type: "string" } },
  choices: { format: ["json", "table"] },
  load: () => import("./list.ts"),
};

const unset: Command = {
  name: "unset",
  summary: "take a setting back",
  help: `
SYNOPSIS
    waybill config unset [--host=HOST] NAME

OPTIONS
${hostFlag}`,
  options: { host: { type: "string" } },
  positionals: { name: "NAME", min: 1, max: 1 },
  load: () => import("./unset.ts"),
};

const settingFlags = "    --SETTING=VALUE  any flag of `waybill serve`, --config=FILE included\n";

const check: Command = {
  name: "check",
  summary: "say what is wrong with the settings of a server",
  help: `
SYNOPSIS
    waybill config check [--config=FILE] [--SETTING=VALUE…]

DESCRIPTION
    Reads the settings as \`waybill serve\` would: flags, variables (WAYBILL_…), the file, defaults. Says everything that
    is wrong with them, with file and line; touches nothing. The exit code is 1 when something is.

OPTIONS
${settingFlags}`,
  rawArguments: true,
  load: () => import("./check.ts"),
};

const print: Command = {
  name: "print",
  summary: "show what a server would run with, and where each value was said",
  help: `
SYNOPSIS
    waybill config print [--config=FILE] [--SETTING=VALUE…] [--format=json|table]

DESCRIPTION
    Every setting of \`waybill serve\` with its value and where that comes from: a flag, a variable, a line of the file,
    or the default. Secrets are not shown.

OPTIONS
    --format=json    as data: a list of {name, value, from}
${settingFlags}`,
  rawArguments: true,
  load: () => import("./print.ts"),
};

const docs: Command = {
  name: "docs",
  summary: "print the page about every setting of a server",
  help: `
SYNOPSIS
    waybill config docs

DESCRIPTION
    Markdown: every setting of \`waybill serve\`, what it does, its default, and the ways to say it.
`,
  load: () => import("./docs.ts"),
};

/** `waybill config …`: how this machine gets its tokens, and what a server here would run by. */
export const config: Group = {
  name: "config",
  summary: "settings: where this machine's tokens come from, and by what a server runs",
  help: `
SYNOPSIS
    waybill config COMMAND [ARGUMENT…] [--FLAG…]

DESCRIPTION
    get, set, list and unset are of the credential helper and of the commands that act for you. check, print and docs
    are of the registry that \`waybill serve\` runs.

FILES
    $WAYBILL_CONFIG_DIR/settings.json, else $XDG_CONFIG_HOME/waybill/settings.json, else ~/.config/waybill/settings.json
                                keys in it that are not known stay as they are
`,
  commands: [get, set, list, unset, check, print, docs],
};
