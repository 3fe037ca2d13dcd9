import { type Outline, type OutlineFlag, pathText } from "./outline.ts";

/** A script for fish 3.1 or later: one \`complete\` for each command and flag, in force at its place. */
export function fishCompletion(outline: readonly Outline[]): string {
  const groups = outline.filter(({ commands }) => commands.length > 0);
  return `# fish completion for waybill; made by \`waybill completion fish\`.
function __waybill_at --description 'Whether the command line so far leads to this place'
    set --local at
    for word in (commandline --tokenize --cut-at-cursor --current-process)[2..]
        test "$word" = -- && return 1
        contains -- "$at $word" $__waybill_places && set at "$at $word"
    end
    test "$at" = "$argv[1]"
end
set --global __waybill_places ${outline
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => fishWord(pathText(path)))
    .join(" ")}
${groups.flatMap(commandLines).join("\n")}
${outline.flatMap(({ path, flags }) => flags.map((flag) => flagLine(path, flag))).join("\n")}
`;
}

function commandLines({ path, commands }: Outline): string[] {
  return commands.map(
    ({ name, summary }) => `complete -c waybill -f -n ${at(path)} -a ${fishWord(name)} -d ${fishWord(summary)}`,
  );
}

function flagLine(path: readonly string[], { name, takesValue, choices, summary }: OutlineFlag): string {
  const value = choices.length > 0 ? ` -x -a ${fishWord(choices.join(" "))}` : takesValue ? " -r" : "";
  return `complete -c waybill -n ${at(path)} -l ${fishWord(name.slice(2))}${value} -d ${fishWord(summary)}`;
}

function at(path: readonly string[]): string {
  return fishWord(`__waybill_at ${fishWord(pathText(path))}`);
}

/** In single quotes fish knows two escapes. */
function fishWord(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
