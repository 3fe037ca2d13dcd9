// The subcommands as data: what help says of each, its flags, and the module that does the work.
import type { Context } from "../../sources/context.ts";
import type { GoFlags, ParsedFlags } from "./go-flags.ts";
import type { GcrProgram } from "./program.ts";

export type Subcommand = {
  name: string;
  /** Under which heading help lists it; none is the first. */
  group: string;
  synopsis: (program: GcrProgram) => string;
  flags: GoFlags;
  /** What help says of each flag, as Go lays it out. */
  flagHelp?: string;
  run: (program: GcrProgram, flags: ParsedFlags, context: Context) => Promise<number>;
};

const storeApi = "Docker credential store API";
const authentication = "GCR authentication";
const config = "Config";

/** In the order of `commands`. */
export const subcommands: readonly Subcommand[] = [
  {
    name: "version",
    group: "",
    synopsis: () => "print the version of the binary to stdout",
    flags: {},
    run: async (_program, _flags, context) => {
      context.stdout(`${(await import("./version.ts")).versionText()}\n`);
      return 0;
    },
  },
  {
    name: "clear",
    group: "",
    synopsis: () => "remove all stored credentials",
    flags: {},
    run: async (_program, _flags, context) => (await import("./logout.ts")).logout("failure", context),
  },
  action("store", "(UNIMPLEMENTED) for the specified server, store the credentials provided via stdin"),
  action("get", "for the server specified via stdin, return the stored credentials via stdout"),
  action("erase", "(UNIMPLEMENTED) erase any stored credentials for the server specified via stdin"),
  action("list", "(UNIMPLEMENTED) list all stored credentials"),
  {
    name: "gcr-login",
    group: authentication,
    synopsis: () => "log in to GCR",
    flags: {},
    run: async (_program, _flags, context) => (await import("./login.ts")).login(context),
  },
  {
    name: "gcr-logout",
    group: authentication,
    synopsis: () => "log out from GCR",
    flags: {},
    run: async (_program, _flags, context) => (await import("./logout.ts")).logout("Logout failure", context),
  },
  {
    name: "configure-docker",
    group: config,
    synopsis: ({ invokedAs }) => `configures the Docker client to use ${invokedAs}`,
    flags: { "include-artifact-registry": "bool", overwrite: "bool", registries: "string" },
    flagHelp: `  -include-artifact-registry
    \tinclude all Artifact Registry registries as well as GCR registries 
  -overwrite
    \toverwrite any previously configured credential store and/or credentials
  -registries string
    \tthe comma-separated list of registries to configure the cred helper for
`,
    run: async (program, flags, context) =>
      (await import("./configure-docker.ts")).configureDocker(program, flags, context),
  },
  {
    name: "config",
    group: config,
    synopsis: () => "configure the credential helper",
    flags: { "token-source": "string", "unset-all": "bool" },
    flagHelp: `  -token-source string
    \tThe source(s), in order, to search for credentials. Supported sources are: env, gcloud, store (default "store, env")
  -unset-all
    \tResets all settings to default
`,
    run: async (_program, flags, context) => (await import("./config.ts")).configure(flags, context),
  },
];

/** One of the protocol's four: its argument is its name, and nothing may follow. */
function action(name: string, synopsis: string): Subcommand {
  return {
    name,
    group: storeApi,
    synopsis: () => synopsis,
    flags: {},
    run: async (program, { rest }, context) => {
      if (rest.length === 0) return await (await import("./actions.ts")).runAction(name, program, context);
      context.stdout(`Usage: ${program.invokedAs} <store|get|erase|list|version>\n`);
      return 1;
    },
  };
}
