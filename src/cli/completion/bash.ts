import { type Outline, pathText } from "./outline.ts";
import { shellWord } from "./shell-word.ts";

/** A script for bash 4.4 or later: `complete -F` with everything in two case statements. */
export function bashCompletion(outline: readonly Outline[]): string {
  return `# bash completion for waybill; made by \`waybill completion bash\`.
_waybill() {
  # bash breaks --flag=value into three words.
  local cur=\${COMP_WORDS[COMP_CWORD]} flag=\${COMP_WORDS[COMP_CWORD-1]} at= i word commands flags choices
  if [[ $cur == = ]]; then
    cur=
  elif [[ $flag == = ]]; then
    flag=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == -- ]] && return # What follows belongs to another program.
    case "$at $word" in
${outline
  .filter(({ path }) => path.length > 0)
  .map(({ path }) => `      ${shellWord(pathText(path))}) at="$at $word" ;;`)
  .join("\n")}
    esac
  done
  case "$at $flag" in
${outline.flatMap(choiceLines).join("\n")}
  esac
  if [[ -n \${choices-} ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$cur")
    return
  fi
  case "$at" in
${outline.map(placeLine).join("\n")}
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
    [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
  elif [[ -n $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
  fi
  return 0
}
complete -o default -F _waybill waybill
`;
}

function choiceLines({ path, flags }: Outline): string[] {
  return flags
    .filter(({ choices }) => choices.length > 0)
    .map(
      ({ name, choices }) =>
        `    ${shellWord(`${pathText(path)} ${name}`)}) choices=${shellWord(choices.join(" "))} ;;`,
    );
}

function placeLine({ path, commands, flags }: Outline): string {
  const names = commands.map(({ name }) => name).join(" ");
  const offered = flags.map(({ name, takesValue }) => (takesValue ? `${name}=` : name)).join(" ");
  return `    ${shellWord(pathText(path))}) commands=${shellWord(names)} flags=${shellWord(offered)} ;;`;
}
