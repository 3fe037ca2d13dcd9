// What all commands over the administration API have in common: who speaks to which server, and how answers are shown.
import type { ParseArgsOptionsConfig } from "node:util";
import { Administration } from "../client/administration.ts";
import { oneLine } from "../sources/failure.ts";
import { resolveCaller } from "../sources/identity.ts";
import { confirm } from "./ask.ts";
import { type Invocation, UsageError } from "./command.ts";
import { formatTable } from "./table.ts";

/** The flags that every command over the administration API takes. */
export const administrationOptions = {
  server: { type: "string" },
  "key-file": { type: "string" },
  account: { type: "string" },
  format: { type: "string" },
  quiet: { type: "boolean", short: "q" },
} satisfies ParseArgsOptionsConfig;

export const administrationChoices = { format: ["json", "table"] } as const;

/** The end of every such command's help. */
export const administrationHelp = `
    --format=json|table  json is what the server answered
    --server=URL         the server (default: WAYBILL_SERVER, else the identity's own)
    --key-file=FILE      speak as the account of this JSON key (default: WAYBILL_KEY_FILE, else the active account)
    --account=EMAIL      speak as this activated account
    -q, --quiet          do not ask (only what deletes asks, and only on a terminal)`;

export type AdministrationInvocation<Text extends string = never> = Invocation<
  Text | Exclude<keyof typeof administrationOptions, "quiet">,
  "quiet"
>;

/** The server that the command was pointed at, ready to be asked. */
export function openAdministration({ values, context }: AdministrationInvocation): Administration {
  return new Administration(resolveCaller(values, context), context.fetch);
}

/** Shows an answer: as the server gave it with `--format=json`, else as a table. */
export function show({ values, context }: AdministrationInvocation, answer: unknown, table: Table): void {
  if (values.format === "json") context.stdout(`${JSON.stringify(answer, undefined, 2)}\n`);
  else if (table.rows.length === 0) context.stderr("Listed 0 items.\n");
  else
    context.stdout(
      formatTable(
        table.headings,
        table.rows.map((row) => row.map(cell)),
      ),
    );
}

/** As `show`, for commands that change something: their data is shown only when it was asked for. */
export function showIfAsked(invocation: AdministrationInvocation, answer: unknown, table: Table): void {
  if (invocation.values.format !== undefined) show(invocation, answer, table);
}

export type Table = { headings: readonly string[]; rows: readonly (readonly unknown[])[] };

/** Texts on the server were written by others, and a terminal obeys control characters. */
function cell(value: unknown): string {
  return value === undefined ? "" : oneLine(String(value));
}

/** Asks before something is lost; `--quiet` and a missing terminal mean yes. */
export async function confirmLoss({ values, context }: AdministrationInvocation, question: string): Promise<void> {
  if (!values.quiet) await confirm(question, context);
}

/** The value of a flag that must be there. */
export function required<Name extends string>(
  values: { [name in Name]?: string },
  name: Name,
  example: string,
): string {
  const value = values[name];
  if (value === undefined || value === "") throw new UsageError(`--${name} is missing`, `like --${name}=${example}`);
  return value;
}
