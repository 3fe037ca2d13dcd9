import type { Command, Entry, Group } from "../command.ts";
import { helpText } from "../help.ts";
import { readOptions } from "../option-help.ts";

/** A flag, as a shell offers it. */
export interface OutlineFlag {
  /** `--format` */
  readonly name: string;
  readonly takesValue: boolean;
  /** The words that its value can be; any text or file where there are none. */
  readonly choices: readonly string[];
  readonly summary: string;
}

/** A place on the command line: a group with its commands, or a command with its flags. */
export interface Outline {
  /** The words that lead here, after `waybill`. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly flags: readonly OutlineFlag[];
}

const help: OutlineFlag = { name: "--help", takesValue: false, choices: [], summary: "explain this command" };

/** Every place of a command tree, from its root down, read from the same definitions that `waybill` itself runs by. */
export async function outlineOf(entry: Entry, path: readonly string[] = []): Promise<Outline[]> {
  if (!("commands" in entry)) return [{ path, commands: [], flags: [...(await flagsOf(entry, path)), help] }];
  const below = await Promise.all(entry.commands.map((inner) => outlineOf(inner, [...path, inner.name])));
  return [{ path, commands: entry.commands.map(nameOf), flags: [help] }, ...below.flat()];
}

function nameOf({ name, summary }: Command | Group) {
  return { name, summary };
}

/** A command that parses its arguments itself says in its help what it takes. */
async function flagsOf(command: Command, path: readonly string[]): Promise<OutlineFlag[]> {
  const described = readOptions(await helpText(path, command)).filter(({ flag }) => flag !== undefined);
  const summaries = new Map(described.map(({ flag, text }) => [flag, text]));
  if (command.rawArguments) {
    return described.map(({ flag = "", value, text }) => {
      const takesValue = value !== undefined;
      return { name: flag, takesValue, choices: [], summary: text };
    });
  }
  return Object.entries(command.options ?? {}).map(([name, { type }]) => ({
    name: `--${name}`,
    takesValue: type === "string",
    choices: command.choices?.[name] ?? [],
    summary: summaries.get(`--${name}`) ?? "",
  }));
}

/** A place as the scripts spell it: each word with a space before it. */
export function pathText(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join("");
}
