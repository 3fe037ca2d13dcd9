import { type Outline, type OutlineFlag, pathText } from "./outline.ts";
import { shellWord } from "./shell-word.ts";

/** A function for zsh's completion system, to be put as `_waybill` into a folder of `fpath`. */
export function zshCompletion(outline: readonly Outline[]): string {
  return `#compdef waybill
# zsh completion for waybill; made by \`waybill completion zsh\`.
_waybill() {
  local at= word flag=\${words[CURRENT-1]} i
  local -a commands switches settings choices
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    [[ $word == -- ]] && { _files; return }
    case "$at $word" in
${outline
  .filter(({ path }) => path.length > 0)
  .map(({ path }) => `      (${shellWord(pathText(path))}) at="$at $word" ;;`)
  .join("\n")}
    esac
  done
  if [[ $PREFIX == --*=* ]]; then
    flag=\${PREFIX%%=*}
    compset -P '*='
  fi
  case "$at $flag" in
${outline.flatMap(choiceLines).join("\n")}
  esac
  if (( \${#choices} )); then
    compadd -a choices
    return
  fi
  case "$at" in
${outline.map(placeLine).join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o flag switches -- settings -S =
  elif (( \${#commands} )); then
    _describe command commands
  else
    _files
  fi
}
if [[ \${funcstack[1]-} == _waybill ]]; then _waybill "$@"; else compdef _waybill waybill; fi
`;
}

function choiceLines({ path, flags }: Outline): string[] {
  return flags
    .filter(({ choices }) => choices.length > 0)
    .map(
      ({ name, choices }) =>
        `    (${shellWord(`${pathText(path)} ${name}`)}) choices=(${choices.map(shellWord).join(" ")}) ;;`,
    );
}

function placeLine({ path, commands, flags }: Outline): string {
  return `    (${shellWord(pathText(path))})
      commands=(${commands.map(described).join(" ")})
      switches=(${flags
        .filter(({ takesValue }) => !takesValue)
        .map(described)
        .join(" ")})
      settings=(${flags
        .filter(({ takesValue }) => takesValue)
        .map(described)
        .join(" ")}) ;;`;
}

/** `_describe` splits at the first colon. */
function described({ name, summary }: Pick<OutlineFlag, "name" | "summary">): string {
  return shellWord(`${name.replaceAll(":", "\\:")}:${summary}`);
}
