// The command line of a program written in Go: `-x` and `--x` are one flag, `--x=v` and `--x v` one value, a flag that is
// yes or no takes its value only after `=`, and the first word that is no flag ends them all.

/** The flags of a subcommand: which take a text, which are yes or no. */
export type GoFlags = Readonly<Record<string, "string" | "bool">>;

export type ParsedFlags = { texts: Record<string, string>; switches: Record<string, boolean>; rest: string[] };

/** The command line is wrong (`message`), or asks for help (no message). */
export class GoFlagError extends Error {
  override readonly name = "GoFlagError";
}

type Word = { name: string; value: string | undefined };

const trueWords = ["1", "t", "T", "TRUE", "true", "True"];
const falseWords = ["0", "f", "F", "FALSE", "false", "False"];

/** Reads the flags at the start of `argv`; what follows them is `rest`. */
export function parseGoFlags(argv: readonly string[], flags: GoFlags): ParsedFlags {
  const parsed: ParsedFlags = { texts: {}, switches: {}, rest: [...argv] };
  while (parsed.rest.length > 0) {
    const word = parsed.rest[0] ?? "";
    if (!word.startsWith("-") || word === "-") break;
    parsed.rest.shift();
    if (word === "--") break;
    take(readWord(word), flags, parsed);
  }
  return parsed;
}

function readWord(word: string): Word {
  const [, name, value] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  if (name === undefined) throw new GoFlagError(`bad flag syntax: ${word}`);
  return { name, value };
}

function take({ name, value }: Word, flags: GoFlags, parsed: ParsedFlags): void {
  const kind = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (kind === "bool") parsed.switches[name] = parseSwitch(name, value);
  else if (kind === "string") parsed.texts[name] = value ?? nextWord(name, parsed.rest);
  else if (name === "h" || name === "help") throw new GoFlagError();
  else throw new GoFlagError(`flag provided but not defined: -${name}`);
}

function parseSwitch(name: string, value = "true"): boolean {
  if (trueWords.includes(value)) return true;
  if (falseWords.includes(value)) return false;
  throw new GoFlagError(`invalid boolean value ${JSON.stringify(value)} for -${name}: parse error`);
}

function nextWord(name: string, rest: string[]): string {
  const value = rest.shift();
  if (value === undefined) throw new GoFlagError(`flag needs an argument: -${name}`);
  return value;
}
