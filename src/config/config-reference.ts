import { isSecret, variableOf } from "./config-layers.ts";
import { kindOf } from "./setting-kinds.ts";
import { sections, settings } from "./settings.ts";

/** The settings as a table for `--help`. */
export function configHelp(): string {
  const row = (name: string, text: string) => `  --${name.padEnd(21)} ${wrapped(text).join(`\n${" ".repeat(26)}`)}`;
  const rows = Object.entries(settings.shape).map(([name, type]) => row(name, type.description ?? ""));
  return [...rows, row("config", "read these settings from a YAML file")].join("\n");
}

/** Lines that leave room for what stands before them. */
function wrapped(text: string, widthMax = 88): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + 1 + word.length > widthMax) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

/** docs/configuration.md. */
export function configReference(): string {
  const parts = Object.entries(sections).map(
    ([title, entries]) => `## ${title}\n\n${Object.keys(entries).map(entryOf).join("\n")}`,
  );
  return `${introduction}\n${parts.join("\n")}`;
}

const introduction = `# Configuration

Every setting of \`waybill serve\` can be said in four places. What counts more comes first:

1. a flag: \`--stall-timeout=30\` (a switch takes no value, and \`--no-read-only\` takes one back)
2. a variable: \`WAYBILL_STALL_TIMEOUT=30\` (an empty one says nothing)
3. a line of the file that \`--config FILE\` or \`WAYBILL_CONFIG\` names, in YAML: \`stall-timeout: 30\`
4. the default

\`\`\`yaml
# /etc/waybill/waybill.yaml
data: /var/lib/waybill
listen: 0.0.0.0:443
hosts: [registry.example.com]
tls-cert: /etc/waybill/tls.crt
tls-key: /etc/waybill/tls.key
\`\`\`

\`waybill config check\` says everything that is wrong with them, with file and line, and touches nothing; \`waybill config
print\` shows what a server would run with and where each value was said. A name that is none is an error. A secret is never
shown, and has a second form: \`NAME-file\` names a file that holds it.

This page is what \`waybill config docs\` prints.
`;

function entryOf(name: string): string {
  const type = settings.shape[name as keyof typeof settings.shape];
  const value = kindOf(type) === "flag" ? "" : "=VALUE";
  const forms = [`\`--${name}${value}\``, `\`${variableOf(name)}\``];
  if (isSecret(name)) forms.push(`\`--${name}-file=FILE\``, `\`${variableOf(`${name}-file`)}\``);
  return `### ${name}\n\n${sentence(type.description ?? "")} ${defaultOf(name)}\n\n${forms.join(", ")}\n`;
}

function defaultOf(name: string): string {
  const value = settings.parse({})[name as keyof typeof settings.shape];
  const text = showValue(value);
  return text === "" ? "Not set by default." : `Default: \`${text}\`.`;
}

/** A value as it is typed; nothing where it is not set. */
export function showValue(value: unknown): string {
  if (value === undefined) return "";
  return Array.isArray(value) ? value.join(",") : String(value);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
