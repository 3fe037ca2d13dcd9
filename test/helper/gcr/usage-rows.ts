// Sections 1.1 and 1.2: subcommands, flags, help, and what exits with which code.
import type { Row } from "./row.ts";

const usageText = `Usage: docker-credential-gcr <flags> <subcommand> <subcommand args>

Subcommands:
	clear            remove all stored credentials
	commands         list all command names
	help             describe subcommands and their syntax
	version          print the version of the binary to stdout

Subcommands for Config:
	config           configure the credential helper
	configure-docker  configures the Docker client to use docker-credential-gcr

Subcommands for Docker credential store API:
	erase            (UNIMPLEMENTED) erase any stored credentials for the server specified via stdin
	get              for the server specified via stdin, return the stored credentials via stdout
	list             (UNIMPLEMENTED) list all stored credentials
	store            (UNIMPLEMENTED) for the specified server, store the credentials provided via stdin

Subcommands for GCR authentication:
	gcr-login        log in to GCR
	gcr-logout       log out from GCR

`;
export const configHelp = `config: configure the credential helper
  -token-source string
    	The source(s), in order, to search for credentials. Supported sources are: env, gcloud, store (default "store, env")
  -unset-all
    	Resets all settings to default
`;
const configureDockerHelp = `configure-docker: configures the Docker client to use docker-credential-gcr
  -include-artifact-registry
    	include all Artifact Registry registries as well as GCR registries 
  -overwrite
    	overwrite any previously configured credential store and/or credentials
  -registries string
    	the comma-separated list of registries to configure the cred helper for
`;
const helpHelp = `help [<subcommand>]:
	With an argument, prints detailed information on the use of
	the specified subcommand. With no argument, print a list of
	all commands and a brief description of each.
`;
const commandsHelp = "commands:\n\tPrint a list of all commands.\n";
const helps: Readonly<Record<string, string>> = {
  get: "get: for the server specified via stdin, return the stored credentials via stdout\n",
  store: "store: (UNIMPLEMENTED) for the specified server, store the credentials provided via stdin\n",
  erase: "erase: (UNIMPLEMENTED) erase any stored credentials for the server specified via stdin\n",
  list: "list: (UNIMPLEMENTED) list all stored credentials\n",
  "gcr-login": "gcr-login: log in to GCR\n",
  "gcr-logout": "gcr-logout: log out from GCR\n",
  "configure-docker": configureDockerHelp,
  config: configHelp,
  version: "version: print the version of the binary to stdout\n",
  clear: "clear: remove all stored credentials\n",
};

const row = (
  section: string,
  what: string,
  argv: string[],
  upstream: Row["upstream"],
  more: Partial<Row> = {},
): Row => ({
  section,
  what,
  argv,
  upstream,
  ...more,
});

/** What each subcommand says of itself, asked in both ways. */
const helpRows = Object.entries(helps).flatMap(([name, text]) => [
  row("1.1", `help ${name}`, ["help", name], { exitCode: 0, stdout: text }),
  row("1.2", `${name} -h`, [name, "-h"], { exitCode: 2, stderr: text }),
]);

const wrongFlag = "flag provided but not defined: -foo\n";
const actionUsage = "Usage: docker-credential-gcr <store|get|erase|list|version>\n";
const laterUsage = "Usage:  <store|get|erase|list|version>\n";

export const usageRows: readonly Row[] = [
  ...helpRows,
  row("1.1", "help", ["help"], { exitCode: 0, stdout: usageText }),
  row("1.1", "help of help", ["help", "help"], { exitCode: 0, stdout: helpHelp }),
  row("1.1", "help of commands", ["help", "commands"], { exitCode: 0, stdout: commandsHelp }),
  row("1.1", "help of what is not there", ["help", "bogus"], {
    exitCode: 2,
    stderr: `Subcommand bogus not understood\n${helpHelp}`,
  }),
  row("1.1", "help of two", ["help", "get", "extra"], { exitCode: 2, stderr: helpHelp }),
  row("1.1", "commands, in any order", ["commands"], {
    exitCode: 0,
    stdout:
      "\nclear\ncommands\nconfig\nconfigure-docker\nerase\ngcr-login\ngcr-logout\nget\nhelp\nlist\nstore\nversion",
  }),
  row("1.1", "commands with an argument", ["commands", "x"], {
    exitCode: 2,
    stderr: `\n\tPrint a list of all commands.\ncommands:`,
  }),
  row("1.1", "flags is no subcommand", ["flags"], { exitCode: 2, stderr: usageText }),
  row("1.1", "one dash is two", ["config", "-token-source=bogus"], {
    exitCode: 1,
    stderr: "Failure: token-source: Unsupported token source: bogus\n",
  }),
  row("1.1", "a value after a space", ["config", "--token-source", "bogus"], {
    exitCode: 1,
    stderr: "Failure: token-source: Unsupported token source: bogus\n",
  }),
  row("1.1", "flags end where the first other word is", ["config", "x", "--token-source=bogus"], { exitCode: 0 }),
  row("1.1", "flags end at two dashes", ["config", "--", "--unset-all"], { exitCode: 0 }),
  row("1.1", "two dashes before a subcommand", ["--", "config"], { exitCode: 0 }),
  row("1.1", "one dash alone is no flag", ["config", "-"], { exitCode: 0 }),
  row("1.1", "three dashes", ["config", "---x"], { exitCode: 2, stderr: `bad flag syntax: ---x\n${configHelp}` }),
  row("1.1", "a flag without a name", ["config", "-=x"], {
    exitCode: 2,
    stderr: `bad flag syntax: -=x\n${configHelp}`,
  }),
  row("1.1", "a flag without its value", ["config", "--token-source"], {
    exitCode: 2,
    stderr: `flag needs an argument: -token-source\n${configHelp}`,
  }),
  row("1.1", "a switch that is neither yes nor no", ["config", "--unset-all=bogus"], {
    exitCode: 2,
    stderr: `invalid boolean value "bogus" for -unset-all: parse error\n${configHelp}`,
  }),
  row("1.1", "a switch that says no", ["config", "--unset-all=false"], { exitCode: 0 }),
  row("1.2", "nothing at all", [], { exitCode: 2, stderr: usageText }),
  row("1.2", "an unknown subcommand", ["bogus"], { exitCode: 2, stderr: usageText }),
  row("1.2", "-h", ["-h"], { exitCode: 0, stderr: usageText }),
  row("1.2", "--help", ["--help"], { exitCode: 0, stderr: usageText }),
  row("1.2", "an unknown flag", ["--foo", "version"], { exitCode: 2, stderr: wrongFlag + usageText }),
  row("1.2", "an unknown flag of a subcommand", ["get", "--foo"], { exitCode: 2, stderr: wrongFlag + helps.get }),
  row("1.2", "extra words after version", ["version", "extra"], {
    exitCode: 0,
    stdout: /^Google Container Registry Docker credential helper [0-9.]+\n$/,
  }),
  row("1.2", "extra words after gcr-logout", ["gcr-logout", "extra"], { exitCode: 0 }),
  row("1.2", "extra words after clear", ["clear", "extra"], { exitCode: 0 }),
  row("1.2", "extra words after config", ["config", "extra"], { exitCode: 0 }),
  ...["get", "store", "erase", "list"].map((name) =>
    row(
      "1.2",
      `${name} with an argument`,
      [name, "https://gcr.io"],
      { exitCode: 1, stdout: actionUsage },
      { input: "gcr.io", upstreamLater: { stdout: laterUsage } },
    ),
  ),
];
