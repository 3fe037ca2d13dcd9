/** One entry of a help text's OPTIONS. */
export interface OptionHelp {
  /** As the help shows it: `-q, --quiet`, `--format=json|table`, `IMAGE`. */
  readonly term: string;
  /** `--quiet`; undefined where the entry is an argument. */
  readonly flag: string | undefined;
  readonly short: string | undefined;
  /** What its value is called; undefined where it takes none. */
  readonly value: string | undefined;
  readonly text: string;
}

const termPattern = /^(?: {4})(\S+(?:, --\S+)?(?: [A-Z][A-Z:-]*)?)(?: {2,}(.*))?$/;
const flagPattern = /^(?:(-\w), )?(--[\w-]+)(?:[= ](.+))?$/;

/** The entries of the section OPTIONS of a command's help, in their order. */
export function readOptions(help: string): OptionHelp[] {
  const entries: { term: string; lines: string[] }[] = [];
  for (const line of sectionOf(help, "OPTIONS")) {
    const [, term, text] = termPattern.exec(line) ?? [];
    if (term !== undefined) entries.push({ term, lines: text ? [text] : [] });
    else if (line.trim() !== "") entries.at(-1)?.lines.push(line.trim());
  }
  return entries.map(({ term, lines }) => {
    const [, short, flag, value] = flagPattern.exec(term) ?? [];
    return { term, flag, short, value, text: lines.join(" ") };
  });
}

/** The lines of one section, without its heading. */
function sectionOf(help: string, heading: string): string[] {
  const lines = help.split("\n");
  const start = lines.indexOf(heading) + 1;
  if (start === 0) return [];
  const end = lines.findIndex((line, index) => index >= start && /^\S/.test(line));
  return lines.slice(start, end < 0 ? lines.length : end);
}
