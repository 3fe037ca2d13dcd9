import type { Command, Entry, Group } from "./command.ts";

/** The help of a command or a group, laid out like a man page. */
export async function helpText(path: readonly string[], entry: Entry): Promise<string> {
  const name = `NAME\n    ${["waybill", ...path].join(" ")} - ${entry.summary}\n`;
  const text = typeof entry.help === "string" ? entry.help : await entry.help();
  const body = text.trim().replaceAll(/\n{3,}/g, "\n\n");
  return "commands" in entry ? `${name}\n${body}\n\nCOMMANDS\n${commandList(entry)}` : `${name}\n${body}\n`;
}

/** One line per command: for `--help` of a group and for the usage error of a group typed alone. */
export function commandList(group: Group): string {
  const width = Math.max(...group.commands.map((entry) => entry.name.length));
  return group.commands.map((entry) => `    ${entry.name.padEnd(width)}  ${entry.summary}\n`).join("");
}

/** The names of a command's flags, as they are typed. */
export function flagNames(command: Command): string[] {
  return ["--help", ...Object.keys(command.options ?? {}).map((name) => `--${name}`)];
}
