import { activateHint } from "../../sources/accounts.ts";
import { readSettings, type Settings } from "../../sources/settings.ts";
import type { Invocation } from "../command.ts";
import { formatTable } from "../table.ts";

/** `waybill auth list` */
export async function run({ values, context }: Invocation<"format">): Promise<number> {
  const accounts = describe(readSettings(context.env));
  if (values.format === "json") context.stdout(`${JSON.stringify(accounts, undefined, 2)}\n`);
  else if (accounts.length > 0) context.stdout(table(accounts));
  else context.stderr(`No account is activated on this machine.\nwaybill: hint: ${activateHint}\n`);
  return 0;
}

type Row = { account: string; status: "ACTIVE" | ""; server: string; registries: string[] };

function describe({ active, accounts, registries, hosts }: Settings): Row[] {
  const rules = [...hosts].map(([host, { account }]) => [host, account] as const);
  return [...accounts].map(([email, { server }]) => ({
    account: email,
    status: email === active ? "ACTIVE" : "",
    server,
    registries: [...registries, ...rules].filter(([, owner]) => owner === email).map(([host]) => host),
  }));
}

function table(accounts: readonly Row[]): string {
  const rows = accounts.map(({ account, status, server, registries }) => [
    status === "ACTIVE" ? "*" : "",
    account,
    server,
    registries.join(", "),
  ]);
  return formatTable(["ACTIVE", "ACCOUNT", "SERVER", "REGISTRIES"], rows);
}
