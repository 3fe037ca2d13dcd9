// docker-credential-gcloud: gcloud's helper for those who have no gcloud, in the words and the exit codes of gcloud's.
import type { Context } from "../../sources/context.ts";
import { Failure, messageOf } from "../../sources/failure.ts";
import { readServerUrl } from "../input.ts";

const command = "gcloud auth docker-helper";
const prefix = "ERROR: (gcloud.auth.docker-helper)";
const username = "_dcgcloud_token";
const noAccount =
  "You do not currently have an active account selected. See https://cloud.google.com/sdk/docs/authorizing for more information.";
/** Flags of every gcloud command that scripts give to this one; none of them changes the answer. */
const harmlessFlag = /^(?:-q|--quiet|--format=json|--verbosity=.*)$/;

/** Runs `docker-credential-gcloud ARGV…` and returns its exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runGcloud(argv: readonly string[], context: Context): Promise<number> {
  const [method, ...rest] = argv.filter((word) => !harmlessFlag.test(word));
  if (method === "-h" || method === "--help") return print(usage(), context);
  if (method === undefined) return refuse(`argument METHOD: Must be specified.\n${usage().trimEnd()}`, 2, context);
  const [surplus] = method.startsWith("-") ? [method] : rest;
  if (surplus !== undefined) return refuse(surplusText(surplus), 2, context);
  if (method === "get") return await get(context);
  if (method === "list") return await list(context);
  return 0; // gcloud passes over all else, `store` and `erase` too.
}

async function get(context: Context): Promise<number> {
  const server = (await readServerUrl(context)) ?? "";
  const { gcloudToken, isSupported } = await import("./get-token.ts");
  if (!(await isSupported(server, context))) return refuse(`Repository url [${server}] is not supported`, 1, context);
  try {
    const token = await gcloudToken(server, context);
    if (token === undefined) {
      context.stdout(`${noAccount}\n`);
      return 1;
    }
    return print(sorted({ Secret: token.reveal(), Username: username }), context);
  } catch (error) {
    return fail(error, context);
  }
}

async function list(context: Context): Promise<number> {
  const { gcloudDefaultHosts } = await import("../../docker-config/google-registries.ts");
  return print(sorted(Object.fromEntries(gcloudDefaultHosts.map((host) => [`https://${host}`, username]))), context);
}

/** As `gcloud --format=json` prints it. */
function sorted(value: Readonly<Record<string, string>>): string {
  return `${JSON.stringify(Object.fromEntries(Object.entries(value).sort()), undefined, 2)}\n`;
}

function print(text: string, { stdout }: Context): number {
  stdout(text);
  return 0;
}

function refuse(message: string, exitCode: number, { stderr }: Context): number {
  stderr(`${prefix} ${message}\n`);
  return exitCode;
}

function fail(error: unknown, context: Context): number {
  const hint = error instanceof Failure ? error.hint : undefined;
  return refuse(`${messageOf(error)}${hint === undefined ? "" : `\nPlease run:\n\n  $ ${hint}`}`, 1, context);
}

function surplusText(word: string): string {
  return `unrecognized arguments: ${word} \n\nTo search the help text of gcloud commands, run:\n  gcloud help -- SEARCH_TERMS`;
}

function usage(): string {
  return `Usage: ${command} METHOD [optional flags]
  optional flags may be  --help

For detailed information on this command and its flags, run:
  ${command} --help
`;
}
