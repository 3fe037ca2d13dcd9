import type { Command } from "../command.ts";

/** `waybill completion` */
export const completion: Command = {
  name: "completion",
  summary: "print the completion of commands and flags for a shell",
  help: `
SYNOPSIS
    waybill completion bash|zsh|fish

DESCRIPTION
    Prints a script that makes the shell complete waybill's commands, flags, and the words that some flags take. It is
    made from the commands of this version, and runs no program while you type.

EXAMPLES
    source <(waybill completion bash)
    waybill completion zsh > "\${fpath[1]}/_waybill"
    waybill completion fish > ~/.config/fish/completions/waybill.fish
`,
  positionals: { name: "shell", min: 1, max: 1 },
  load: () => import("./completion.ts"),
};
