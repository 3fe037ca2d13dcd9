import type { Command, Group } from "../command.ts";

const activateServiceAccount: Command = {
  name: "activate-service-account",
  summary: "use a service account on this machine",
  help: `
SYNOPSIS
    waybill auth activate-service-account --key-file=FILE [--push] [--server=URL] [EMAIL]

DESCRIPTION
    Keeps a copy of the JSON key, readable by you only, makes its account the active one, and lets the Docker credential
    helper answer for its server's hosts. Nothing is sent anywhere. A key that is there for the account is replaced.

OPTIONS
    --key-file=FILE  the JSON key; - reads it from standard input
    --push           let docker push with it: without this its tokens are good for pulling and nothing else
    --server=URL     the registry to use it with (default: the server that the key's token_uri names)
    EMAIL            refuse the key if it is not this account's

EXAMPLES
    waybill auth activate-service-account --key-file=owner.json --push
`,
  options: { "key-file": { type: "string" }, server: { type: "string" }, push: { type: "boolean" } },
  positionals: { name: "EMAIL", min: 0, max: 1 },
  load: () => import("./activate-service-account.ts"),
};

const login: Command = {
  name: "login",
  summary: "sign in as yourself",
  help: `
SYNOPSIS
    waybill auth login [--push] [--no-browser] [--paste] [--scopes=SCOPE,…] [HOST]

DESCRIPTION
    Signs you in at the registry HOST (default: Google's, gcr.io and *.pkg.dev) with a browser, makes yours the active
    account, and lets the Docker credential helper answer for the registry's hosts with it. On a machine without a
    browser it shows a code to type in on another one, or takes the address that a browser elsewhere ended at.

    What is kept is a refresh token, in the system's keychain or, where there is none, in a file that only you can read.
    Google signs people in only to programs that are registered there: WAYBILL_GOOGLE_CLIENT_ID and
    WAYBILL_GOOGLE_CLIENT_SECRET name yours, or \`waybill config set google-client-id ID\`.

OPTIONS
    --push            let docker push with it: without this its tokens are good for pulling and nothing else
    --no-browser      do not open a browser on this machine
    --paste           sign in elsewhere and paste back the address
    --scopes=SCOPE,…  what the sign-in is good for (default: pulling, or pushing, at Google; everything you may do at
                      other registries, of which each token gets only what it needs)

EXAMPLES
    waybill auth login registry.example.com --push
`,
  options: {
    push: { type: "boolean" },
    "no-browser": { type: "boolean" },
    paste: { type: "boolean" },
    scopes: { type: "string" },
  },
  positionals: { name: "HOST", min: 0, max: 1 },
  load: () => import("./login.ts"),
};

const logout: Command = {
  name: "logout",
  summary: "end a sign-in, here and at the server",
  help: `
SYNOPSIS
    waybill auth logout [EMAIL|HOST]

DESCRIPTION
    Revokes the account's sign-in at its server and forgets it on this machine, with its tokens.

OPTIONS
    EMAIL|HOST  which account (default: the active one)
`,
  positionals: { name: "EMAIL", min: 0, max: 1 },
  load: () => import("./logout.ts"),
};

const list: Command = {
  name: "list",
  summary: "show the accounts of this machine",
  help: `
SYNOPSIS
    waybill auth list [--format=json]

DESCRIPTION
    Shows every activated account, its server and the registry hosts that the credential helper answers for with it.
    The active account, which commands use when none is named, has a star.

OPTIONS
    --format=json  as data: a list of {account, status, server, registries}
`,
  options: { format: { type: "string" } },
  choices: { format: ["json", "table"] },
  load: () => import("./list.ts"),
};

const revoke: Command = {
  name: "revoke",
  summary: "forget an account of this machine",
  help: `
SYNOPSIS
    waybill auth revoke [EMAIL]

DESCRIPTION
    Deletes the account's key and tokens from this machine and stops the credential helper from answering with it. The
    key itself stays valid at the server until it is deleted there: \`waybill iam service-accounts keys delete\`. For an
    account that signed in this is \`waybill auth logout\`.

OPTIONS
    EMAIL  which account (default: the active one)
`,
  positionals: { name: "EMAIL", min: 0, max: 1 },
  load: () => import("./revoke.ts"),
};

const printAccessToken: Command = {
  name: "print-access-token",
  summary: "print a short-lived access token",
  help: `
SYNOPSIS
    waybill auth print-access-token [--scopes=SCOPE,…] [--lifetime=SECONDS] [--key-file=FILE] [EMAIL]

DESCRIPTION
    Gets an access token from the account's server and prints it on standard output. The account is EMAIL, else the one
    of --key-file, else of the file that WAYBILL_KEY_FILE names, else the active one.

OPTIONS
    --scopes=SCOPE,…      what the token may be used for (default cloud-platform: whatever the account may do).
                          devstorage.read_only pulls and searches, devstorage.read_write also pushes and deletes.
                          Short for https://www.googleapis.com/auth/SCOPE; other URLs are taken as they are.
    --lifetime=SECONDS    how long it is valid, if shorter than the server's own choice
    --key-file=FILE       a JSON key that was not activated

EXAMPLES
    waybill auth print-access-token --scopes=devstorage.read_only |
        docker login -u oauth2accesstoken --password-stdin localhost:5000
`,
  options: { scopes: { type: "string" }, lifetime: { type: "string" }, "key-file": { type: "string" } },
  positionals: { name: "EMAIL", min: 0, max: 1 },
  load: () => import("./print-access-token.ts"),
};

const dockerOptions: Command["options"] = {
  "include-artifact-registry": { type: "boolean" },
  for: { type: "string" },
  "dry-run": { type: "boolean" },
  quiet: { type: "boolean", short: "q" },
  helper: { type: "string" },
};

const dockerFlags = `
    --include-artifact-registry
                     every region of Artifact Registry as well; \`docker build\` may then ask for some ninety hosts
    --for=docker,podman
                     whose files to write (default docker)
    --dry-run        print what would change, and change nothing
    -q, --quiet      do not ask
    --helper=NAME    the helper's name, as in docker-credential-NAME (default waybill)
`;

const dockerFiles = `
FILES
    $DOCKER_CONFIG/config.json, else ~/.docker/config.json
    podman, buildah, skopeo: $REGISTRY_AUTH_FILE, else ~/.config/containers/auth.json; and $CONTAINERS_REGISTRIES_CONF,
    else ~/.config/containers/registries.conf.d/waybill.conf
    Everything else in these files stays as it is, to the byte.
`;

const configureDocker: Command = {
  name: "configure-docker",
  summary: "let Docker get its credentials from the helper",
  help: `
SYNOPSIS
    waybill auth configure-docker [HOST,…] [--push] [--include-artifact-registry] [--for=docker,podman]
        [--remove-logins] [--dry-run] [--quiet] [--helper=NAME]

DESCRIPTION
    Writes Docker's configuration so that docker asks docker-credential-waybill for the credentials of these registry
    hosts. The helper answers for them with the active account; for Google's hosts with Google's credentials of this
    machine, unless the account is one of theirs. On a terminal it shows what changes and asks.

OPTIONS
    HOST,…           registry hosts (default: those of the active account's server; without an account gcr.io,
                     us.gcr.io, eu.gcr.io, asia.gcr.io, staging-k8s.gcr.io and marketplace.gcr.io)${dockerFlags}    --push           let docker push to these hosts: without this, and without the account's own --push, tokens
                     are good for pulling and nothing else
    --remove-logins  remove what an earlier \`docker login\` or \`podman login\` has left in the files for these hosts
${dockerFiles}`,
  options: { ...dockerOptions, push: { type: "boolean" }, "remove-logins": { type: "boolean" } },
  positionals: { name: "HOST,…", min: 0, max: 1 },
  load: () => import("./configure-docker.ts"),
};

const unconfigureDocker: Command = {
  name: "unconfigure-docker",
  summary: "undo configure-docker",
  help: `
SYNOPSIS
    waybill auth unconfigure-docker [HOST,…] [--include-artifact-registry] [--for=docker,podman] [--dry-run] [--quiet]
        [--helper=NAME]

DESCRIPTION
    Takes the helper's entries for these registry hosts out of Docker's configuration, and the helper no longer answers
    for them with an account. Entries that name another helper stay.

OPTIONS
    HOST,…           registry hosts (default: all that the helper is named for)${dockerFlags}${dockerFiles}`,
  options: dockerOptions,
  positionals: { name: "HOST,…", min: 0, max: 1 },
  load: () => import("./unconfigure-docker.ts"),
};

const npmrc: Command = {
  name: "npmrc",
  summary: "give npm tokens for its registries",
  help: `
SYNOPSIS
    waybill auth npmrc [--registry=URL,…] [--project=DIR] [--npmrc=FILE]

DESCRIPTION
    Writes an _authToken line for each registry that npm's configuration names and that an account is configured for
    (*-npm.pkg.dev with Google's accounts; others as for docker) into the user's .npmrc, or renews the one that is
    there. Every other byte of the file stays as it is; the file is readable by you only. Tokens end within the hour.
    A line that takes its token from a variable stays.

OPTIONS
    --registry=URL,…  these registries, whatever the configuration says
    --project=DIR     the folder of the project whose .npmrc names registries (default: the current one)
    --npmrc=FILE      the file to write (default: NPM_CONFIG_USERCONFIG, else ~/.npmrc)

EXAMPLES
    waybill auth npmrc && npm ci
`,
  options: { registry: { type: "string" }, project: { type: "string" }, npmrc: { type: "string" } },
  load: () => import("./npmrc.ts"),
};

/** `waybill auth …`: who this machine is to registries. */
export const auth: Group = {
  name: "auth",
  summary: "accounts of this machine, tokens, and Docker's configuration",
  help: `
SYNOPSIS
    waybill auth COMMAND [ARGUMENT…] [--FLAG…]

FILES
    $WAYBILL_CONFIG_DIR, else $XDG_CONFIG_HOME/waybill, else ~/.config/waybill
                                accounts and settings, readable by you only
    $XDG_CACHE_HOME/waybill, else ~/.cache/waybill
                                tokens until they expire
`,
  commands: [
    login,
    logout,
    activateServiceAccount,
    list,
    revoke,
    printAccessToken,
    configureDocker,
    unconfigureDocker,
    npmrc,
  ],
};
