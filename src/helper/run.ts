// Docker's credential helper protocol: one action as the only argument, its input on standard input, its answer on
// standard output. Errors go to standard output too, with exit code 1: podman shows those, docker shows standard error,
// so a failure is told on both. Each action is a few lines in a file of its own. Under the names of Google's own helpers
// the program is those.
import type { Context } from "../sources/context.ts";
import { Failure, messageOf } from "../sources/failure.ts";
import { get } from "./get.ts";

/** What an action hands back: what goes to standard output, and the exit code. */
export type Answer = { stdout: string; exitCode: 0 | 1 };

/** Runs a command of the `waybill` program, for the actions that are the same there. */
export type RunCommand = (argv: string[]) => Promise<number>;

/** Runs `docker-credential-… ARGV…`, which was called by this name or path, and returns its exit code. */
export async function runHelper(
  invokedAs: string,
  argv: readonly string[],
  context: Context,
  runCommand: RunCommand,
): Promise<number> {
  const program = programOf(invokedAs);
  if (program === "docker-credential-gcr" || program.startsWith("docker-credential-gcr-"))
    return await (await import("./gcr/run.ts")).runGcr(invokedAs, argv, context);
  if (program === "docker-credential-gcloud") return await (await import("./gcloud/run.ts")).runGcloud(argv, context);
  return await runOwn(program, argv, context, runCommand);
}

/** The program that a path names, without its folder and Windows' ending. */
export function programOf(path: string): string {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  return name.slice(-exe.length).toLowerCase() === exe ? name.slice(0, -exe.length) : name;
}

const exe = ".exe";

async function runOwn(program: string, argv: readonly string[], context: Context, runCommand: RunCommand) {
  const [action, ...rest] = argv;
  const command = Object.hasOwn(commands, action ?? "") ? commands[action ?? ""] : undefined;
  if (command) return await runCommand([...command(suffixOf(program)), ...rest]);
  if (action === "clear" && rest.length === 0) return await (await import("./clear.ts")).clear(context, runCommand);
  try {
    const { stdout, exitCode } = await answer(program, rest.length === 0 ? action : undefined, context);
    context.stdout(stdout === "" ? "" : `${stdout}\n`);
    return exitCode;
  } catch (error) {
    return report(error, context);
  }
}

/** The subcommands that are commands of `waybill`, under the names that docker-credential-gcr's users know. */
const commands: Readonly<Record<string, (suffix: string) => string[]>> = {
  "configure-docker": (suffix) => ["auth", "configure-docker", `--helper=${suffix}`],
  "gcr-login": () => ["auth", "login"],
  "gcr-logout": () => ["auth", "logout"],
  config: () => ["config"],
};

async function answer(program: string, action: string | undefined, context: Context): Promise<Answer> {
  switch (action) {
    case "get":
      return await get(context);
    case "store":
      return await (await import("./store.ts")).store(context);
    case "erase":
      return await (await import("./erase.ts")).erase(context);
    case "list":
      return await (await import("./list.ts")).list(context);
    case "version":
    case "--version":
    case "-v":
      return { stdout: `${program} ${(await import("../../package.json")).version}`, exitCode: 0 };
    case "help":
    case "--help":
    case "-h":
      return { stdout: usage(program), exitCode: 0 };
    default:
      return { stdout: usage(program), exitCode: 1 };
  }
}

function usage(program: string): string {
  return `Usage: ${program} <get|store|erase|list|version|configure-docker|gcr-login|gcr-logout|config|clear>`;
}

/** The name that Docker's configuration calls this helper by. */
function suffixOf(program: string): string {
  return program.slice("docker-credential-".length);
}

function report(error: unknown, context: Context): number {
  context.stdout(`${messageOf(error)}\n`);
  context.stderr(`waybill: error: ${messageOf(error)}\n`);
  if (error instanceof Failure && error.hint !== undefined) context.stderr(`waybill: hint: ${error.hint}\n`);
  return 1;
}
