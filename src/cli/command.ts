import type { ParseArgsOptionsConfig } from "node:util";
import type { Context } from "../sources/context.ts";

/** The version of this program. */
export { version } from "../../package.json";

/**
 * A command as data. `help` is everything after the NAME line of a man page: SYNOPSIS, DESCRIPTION, OPTIONS, EXAMPLES.
 * It is a function where another module knows the text. `load` imports the module that does the work, so that a command costs nothing until it is typed.
 */
export type Command = {
  name: string;
  summary: string;
  help: string | (() => Promise<string>);
  options?: ParseArgsOptionsConfig;
  /** Allowed values of options that take one of a few words. */
  choices?: Readonly<Record<string, readonly string[]>>;
  /** How many arguments it takes; none when absent. `name` is what the usage error calls them. */
  positionals?: { name: string; min: number; max: number };
  /** Hands the arguments over as they are: the command parses them itself. */
  rawArguments?: true;
  load: () => Promise<{ run: (invocation: never) => Promise<number> }>;
};

/** Commands that belong together: `waybill auth …`. */
export type Group = { name: string; summary: string; help: string; commands: readonly Entry[] };

export type Entry = Command | Group;

/**
 * What a command's `run` receives. The type parameters name the options that it declared:
 * `Invocation<"scopes" | "key-file", "quiet">`.
 */
export type Invocation<Text extends string = never, Flag extends string = never, Many extends string = never> = {
  values: { [name in Text]?: string } & { [name in Flag]?: boolean } & { [name in Many]?: string[] };
  positionals: string[];
  /** The arguments after the command's name, before any parsing. */
  argv: string[];
  context: Context;
};

/** The command was typed wrongly: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Reads a list given as `a,b` (spaces around the commas are forgiven). */
export function parseList(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
