/**
 * Reads the commands out of a page of the documentation. docs/contributing.md tells the convention to those who write pages:
 *
 *   ```console            `$ ` begins a command, `> ` or an open line goes on with it, the rest is its output
 *   ```sh                 a script that must succeed
 *   <!-- console … -->    the same as the first, not shown to readers
 *   ```yaml file=NAME     a file that the commands find beside them; also hidden
 *   ```console stays      the last command goes on in the background once it has said what the block shows
 *   ```console exit=1     the last command ends so
 *   ```console skip="why" is not run
 *   <!-- before: WORDS -->  what the page begins with, see starts
 *   <!-- names: gcr.io=localhost:5001 -->  which server of the page's stands for a name
 */

/** What the reader of a page has when its first command runs. */
export const starts = ["docs/start.md", "a new registry", "a checkout", "nothing"] as const;
export type Start = (typeof starts)[number];

export interface Page {
  readonly path: string;
  readonly start: Start;
  /** Names of other servers, each with the address that stands for it here. */
  readonly aliases: readonly (readonly [string, string])[];
  readonly blocks: readonly Block[];
}

interface Place {
  /** `docs/start.md:12` */
  readonly place: string;
}

export interface CommandBlock extends Place {
  readonly kind: "commands";
  readonly commands: readonly Command[];
  /** The last command goes on in the background. */
  readonly stays: boolean;
  /** Why it is not run; undefined for one that is. */
  readonly skip: string | undefined;
}

export interface FileBlock extends Place {
  readonly kind: "file";
  readonly name: string;
  readonly text: string;
}

export type Block = CommandBlock | FileBlock;

export interface Command extends Place {
  readonly text: string;
  /** Lines that it is shown to print; undefined where nothing is shown. */
  readonly output: readonly string[] | undefined;
  readonly exitCode: number;
}

interface Info {
  readonly stays: boolean;
  readonly exitCode: number;
  readonly skip: string | undefined;
  readonly file: string | undefined;
}

const FENCE = /^(?<fence>`{3,}|<!-- (?=console\b|sh\b|[a-z]+ file=))(?<language>[a-z]*)(?<info>.*)$/;
const BEFORE = /^<!-- before: (?<start>.*) -->$/m;
const NAMES = /^<!-- names: (?<names>.*) -->$/m;
const SHELLS: readonly string[] = ["console", "sh"];

/** Throws an Error with the place of a block that is not as the convention wants it. */
export function parsePage(path: string, text: string): Page {
  const start = BEFORE.exec(text)?.groups?.start ?? "docs/start.md";
  if (!isStart(start)) throw new Error(`${path}: a page begins with one of: ${starts.join(", ")}`);
  const blocks: Block[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const { fence, language, info } = FENCE.exec(lines[at] ?? "")?.groups ?? {};
    if (fence === undefined) continue;
    const end = lines.indexOf(fence.startsWith("`") ? fence : "-->", at + 1);
    if (end < 0) throw new Error(`${path}:${at + 1}: the block has no end`);
    const block = parseBlock(`${path}:${at + 1}`, language ?? "", info ?? "", lines.slice(at + 1, end), at + 2);
    if (block) blocks.push(block);
    at = end;
  }
  return { path, start, aliases: parseAliases(text), blocks };
}

function parseAliases(text: string): [string, string][] {
  const names = NAMES.exec(text)?.groups?.names ?? "";
  return [...names.matchAll(/([\w.-]+)=(localhost:\d+)/g)].map(([, name = "", address = ""]) => [name, address]);
}

function parseBlock(place: string, language: string, words: string, lines: readonly string[], firstLine: number) {
  const { stays, exitCode, skip, file } = parseInfo(place, words);
  if (file !== undefined) return { kind: "file", place, name: file, text: `${lines.join("\n")}\n` } satisfies Block;
  if (!SHELLS.includes(language)) return undefined;
  const path = place.replace(/:\d+$/, "");
  const commands =
    language === "sh"
      ? [{ place, text: `set -e\n${lines.join("\n")}`, output: undefined, exitCode: 0 }]
      : parseCommands(path, lines, firstLine);
  const last = commands.at(-1);
  if (!last) throw new Error(`${place}: a block of the shell without a command`);
  return {
    kind: "commands",
    place,
    commands: commands.with(-1, { ...last, exitCode }),
    stays,
    skip,
  } satisfies Block;
}

function parseInfo(place: string, words: string): Info {
  let info: Info = { stays: false, exitCode: 0, skip: undefined, file: undefined };
  for (const word of words.match(/\S+="[^"]*"|\S+/g) ?? []) {
    const [name, value = ""] = word.split(/=(.*)/s);
    if (word === "stays") info = { ...info, stays: true };
    else if (name === "exit" && /^\d+$/.test(value)) info = { ...info, exitCode: Number(value) };
    else if (name === "file" && /^[\w.-]+$/.test(value)) info = { ...info, file: value };
    else if (name === "skip" && /^"\S+ .+"$/.test(value)) info = { ...info, skip: value.slice(1, -1) };
    else throw new Error(`${place}: what does ${word} mean? See docs/contributing.md`);
  }
  return info;
}

function parseCommands(path: string, lines: readonly string[], firstLine: number): Command[] {
  const commands: Command[] = [];
  let open: { place: string; text: string; output: string[] } | undefined;
  const close = () => {
    if (open) commands.push({ ...open, output: open.output.length > 0 ? open.output : undefined, exitCode: 0 });
  };
  for (const [index, line] of lines.entries()) {
    const place = `${path}:${firstLine + index}`;
    if (line.startsWith("$ ")) {
      close();
      open = { place, text: line.slice(2), output: [] };
    } else if (!open) {
      throw new Error(`${place}: a command begins with "$ "`);
    } else if (open.output.length === 0 && goesOn(open.text, line)) {
      open.text += `\n${line.replace(/^> /, "")}`;
    } else {
      open.output.push(line);
    }
  }
  close();
  return commands;
}

/** A line that the shell would not end a command at. */
function goesOn(text: string, line: string): boolean {
  return line.startsWith("> ") || /(?:\\|\||&&)$/.test(text);
}

function isStart(text: string): text is Start {
  return (starts as readonly string[]).includes(text);
}
