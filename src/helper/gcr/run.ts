// docker-credential-gcr: the credential helper under the name of the one that many have installed. Everything that it
// does, it does by its subcommands, files, texts and exit codes; docs/docker-credential-gcr.md lists where this one
// differs, and why.
import { basename } from "node:path";
import type { Context } from "../../sources/context.ts";
import { GoFlagError, parseGoFlags } from "./go-flags.ts";
import type { GcrProgram } from "./program.ts";
import { type Subcommand, subcommands } from "./subcommands.ts";

const usageCode = 2;

/** Runs `docker-credential-gcr ARGV…` and returns its exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runGcr(invokedAs: string, argv: readonly string[], context: Context): Promise<number> {
  const suffix = basename(invokedAs)
    .replace(/\.exe$/i, "")
    .slice("docker-credential-".length);
  const program: GcrProgram = { invokedAs, suffix };
  try {
    return await dispatch(program, parseGoFlags(argv, {}).rest, context);
  } catch (error) {
    if (!(error instanceof GoFlagError)) throw error;
    const { usage } = await import("./help.ts");
    context.stderr(`${error.message === "" ? "" : `${error.message}\n`}${usage(program)}`);
    return error.message === "" ? 0 : usageCode;
  }
}

async function dispatch(program: GcrProgram, [name, ...argv]: string[], context: Context): Promise<number> {
  const subcommand = subcommands.find((candidate) => candidate.name === name);
  if (subcommand) return await runSubcommand(subcommand, program, argv, context);
  const { runAboutItself, usage } = await import("./help.ts");
  if (name === "help" || name === "commands") return runAboutItself(name, program, argv, context);
  context.stderr(usage(program));
  return usageCode;
}

async function runSubcommand(subcommand: Subcommand, program: GcrProgram, argv: readonly string[], context: Context) {
  try {
    return await subcommand.run(program, parseGoFlags(argv, subcommand.flags), context);
  } catch (error) {
    if (!(error instanceof GoFlagError)) throw error;
    const { explain } = await import("./help.ts");
    context.stderr(`${error.message === "" ? "" : `${error.message}\n`}${explain(subcommand, program)}`);
    return usageCode;
  }
}
