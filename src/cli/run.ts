// Finds the command that was typed, checks what was typed against the command's table entry, and runs it. Only here
// does an error become text and an exit code.
import { parseArgs } from "node:util";
import { nearMatch } from "../config/near-match.ts";
import type { Context } from "../sources/context.ts";
import { Failure, messageOf } from "../sources/failure.ts";
import { type Command, type Entry, type Group, type Invocation, UsageError } from "./command.ts";
import { root } from "./commands.ts";
import { commandList, flagNames, helpText } from "./help.ts";

/** Runs `waybill ARGV…` and returns its exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export async function runCli(argv: readonly string[], context: Context): Promise<number> {
  const path: string[] = [];
  try {
    return await dispatch(normalise(argv), path, context);
  } catch (error) {
    return report(error, path, context);
  }
}

/** Links to the program that stand for a command: other programs call these, and by no other words. */
const linkedCommands: Readonly<Record<string, string>> = {
  "waybill-kubelet": "kubelet-credential-provider",
  "waybill-bazel": "bazel-credential-helper",
};

/** `waybill help auth list` and `waybill --version` are other spellings of commands that the table has. */
function normalise(argv: readonly string[]): string[] {
  const linked = linkedCommands[argv[0] ?? ""];
  if (linked !== undefined) return [linked, ...argv.slice(1)];
  if (argv[0] === "help") return [...argv.slice(1), "--help"];
  if (argv[0] === "--version" || argv[0] === "-v") return ["version"];
  return [...argv];
}

async function dispatch(argv: string[], path: string[], context: Context): Promise<number> {
  let entry: Entry = root;
  let rest = argv;
  while ("commands" in entry) {
    const [word, ...after]: string[] = rest;
    if (word === "--help" || word === "-h") return await printHelp(path, entry, context);
    entry = findEntry(entry, word, path);
    path.push(entry.name);
    rest = after;
  }
  if (asksForHelp(rest)) return await printHelp(path, entry, context);
  const { run } = await entry.load();
  return await run({ ...readArguments(entry, rest), context } as never);
}

function findEntry(group: Group, word: string | undefined, path: readonly string[]): Entry {
  const where = ["waybill", ...path].join(" ");
  if (word === undefined)
    throw new UsageError(`which command? \`${where}\` has these:\n${commandList(group)}`.trimEnd());
  const found = group.commands.find((entry) => entry.name === word);
  if (found) return found;
  if (word.startsWith("-")) throw new UsageError(`unknown flag ${word} before a command`, `${where} --help`);
  const near = nearMatch(
    word,
    group.commands.map((entry) => entry.name),
  );
  throw new UsageError(
    `unknown command \`${where} ${word}\``,
    near ? `did you mean \`${where} ${near}\`?` : `${where} --help`,
  );
}

/** Whatever stands after `--` belongs to another program. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? argv.length : end).some((word) => word === "--help" || word === "-h");
}

async function printHelp(path: readonly string[], entry: Entry, context: Context): Promise<number> {
  context.stdout(await helpText(path, entry));
  return 0;
}

function readArguments(command: Command, argv: string[]): Omit<Invocation, "context"> {
  if (command.rawArguments) return { values: {}, positionals: [], argv };
  const { values, positionals } = parse(command, argv);
  for (const [name, allowed] of Object.entries(command.choices ?? {})) {
    const value = values[name];
    if (typeof value === "string" && !allowed.includes(value))
      throw new UsageError(`--${name} cannot be ${JSON.stringify(value)}`, `one of: ${allowed.join(", ")}`);
  }
  const { name, min, max } = command.positionals ?? { name: "argument", min: 0, max: 0 };
  if (positionals.length < min) throw new UsageError(`${name} is missing`);
  if (positionals.length > max) throw new UsageError(`one argument too many: ${JSON.stringify(positionals[max])}`);
  return { values, positionals, argv };
}

function parse(command: Command, argv: string[]): { values: Record<string, unknown>; positionals: string[] } {
  try {
    return parseArgs({ args: argv, options: command.options ?? {}, allowPositionals: true, strict: true });
  } catch (error) {
    throw parseError(error, command, argv) ?? error;
  }
}

/** Says what `parseArgs` refused in our own words, or undefined when it was something else. */
function parseError(error: unknown, command: Command, argv: readonly string[]): UsageError | undefined {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const flag = /'(-[^'= ]*)/.exec(messageOf(error))?.[1] ?? argv.find((word) => word.startsWith("-")) ?? "";
    const near = nearMatch(flag, flagNames(command));
    return new UsageError(`unknown flag ${flag}`, near && `did you mean ${near}?`);
  }
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") return new UsageError(messageOf(error));
  return undefined;
}

function report(error: unknown, path: readonly string[], context: Context): number {
  const isUsage = error instanceof UsageError || isParseArgsError(error);
  const help = `${["waybill", ...path].join(" ")} --help`;
  const stated = error instanceof Failure || error instanceof UsageError;
  const hint = (stated ? error.hint : undefined) ?? (isUsage ? help : undefined);
  context.stderr(`waybill: error: ${stated ? error.message : messageOf(error)}\n`);
  if (hint !== undefined) context.stderr(`waybill: hint: ${hint}\n`);
  return isUsage ? 2 : 1;
}

/** Commands with `rawArguments` call `parseArgs` themselves. */
function isParseArgsError(error: unknown): boolean {
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS_");
}
