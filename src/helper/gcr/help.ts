import { basename } from "node:path";
import type { Context } from "../../sources/context.ts";
import { GoFlagError, parseGoFlags } from "./go-flags.ts";
import type { GcrProgram } from "./program.ts";
import { type Subcommand, subcommands } from "./subcommands.ts";

type AboutItself = "help" | "commands";

const synopses: Readonly<Record<AboutItself, string>> = {
  help: "describe subcommands and their syntax",
  commands: "list all command names",
};
const explanations: Readonly<Record<AboutItself, string>> = {
  help: `help [<subcommand>]:
\tWith an argument, prints detailed information on the use of
\tthe specified subcommand. With no argument, print a list of
\tall commands and a brief description of each.
`,
  commands: `commands:
\tPrint a list of all commands.
`,
};
/** The names of subcommands are padded to this. */
const nameWidth = 15;

/** The program's own usage. */
export function usage(program: GcrProgram): string {
  const groups = [...new Set(subcommands.map(({ group }) => group))].sort();
  const name = basename(program.invokedAs);
  return `Usage: ${name} <flags> <subcommand> <subcommand args>\n\n${groups.map((group) => section(group, program)).join("")}`;
}

function section(group: string, program: GcrProgram): string {
  const own = subcommands.filter((subcommand) => subcommand.group === group);
  const lines = own.map(({ name, synopsis }) => [name, synopsis(program)]);
  const all = group === "" ? [...lines, ...Object.entries(synopses)] : lines;
  const list = all.map(([name = "", synopsis]) => `\t${name.padEnd(nameWidth)}  ${synopsis}\n`).sort();
  return `Subcommands${group === "" ? "" : ` for ${group}`}:\n${list.join("")}\n`;
}

/** What help says of one subcommand. */
export function explain({ name, synopsis, flagHelp = "" }: Subcommand, program: GcrProgram): string {
  return `${name}: ${synopsis(program)}\n${flagHelp}`;
}

/** `help` and `commands`: the subcommands that are about the others. */
export function runAboutItself(
  name: AboutItself,
  program: GcrProgram,
  argv: readonly string[],
  context: Context,
): number {
  try {
    const { rest } = parseGoFlags(argv, {});
    const text = name === "help" ? helpText(program, rest) : commandsText(rest);
    context.stdout(text);
    return 0;
  } catch (error) {
    if (!(error instanceof GoFlagError)) throw error;
    context.stderr(`${error.message === "" ? "" : `${error.message}\n`}${explanations[name]}`);
    return 2;
  }
}

function helpText(program: GcrProgram, [word, ...more]: string[]): string {
  if (word === undefined) return usage(program);
  if (more.length > 0) throw new GoFlagError();
  if (word === "help" || word === "commands") return explanations[word];
  const subcommand = subcommands.find(({ name }) => name === word);
  if (subcommand === undefined) throw new GoFlagError(`Subcommand ${word} not understood`);
  return explain(subcommand, program);
}

function commandsText(rest: readonly string[]): string {
  if (rest.length > 0) throw new GoFlagError();
  return ["help", "commands", ...subcommands.map(({ name }) => name)].map((name) => `${name}\n`).join("");
}
