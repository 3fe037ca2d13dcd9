import { readSettings, type Settings } from "../../sources/settings.ts";
import type { Invocation } from "../command.ts";
import { formatTable } from "../table.ts";
import { keys } from "./keys.ts";
import { asText, readValue } from "./values.ts";

/** `waybill config list` */
export async function run({ values, context }: Invocation<"format">): Promise<number> {
  const rows = describe(readSettings(context.env));
  if (values.format === "json") context.stdout(`${JSON.stringify(rows, undefined, 2)}\n`);
  else if (rows.length === 0) context.stderr("Nothing is set.\nwaybill: hint: waybill config set --help\n");
  else
    context.stdout(
      formatTable(
        ["HOST", "NAME", "VALUE"],
        rows.map(({ host, name, value }) => [host ?? "", name, asText(value)]),
      ),
    );
  return 0;
}

type Row = { host?: string; name: string; value: unknown };

function describe(settings: Settings): Row[] {
  const all = settingsOf(settings, undefined);
  const hosts = [...settings.hosts.keys()].flatMap((host) => settingsOf(settings, host));
  return [...all, ...hosts];
}

function settingsOf(settings: Settings, host: string | undefined): Row[] {
  return Object.entries(keys)
    .filter(([, key]) => host === undefined || key.isOfHost)
    .map(([name, key]) => ({ name, key, value: readValue(settings, key, host) }))
    .filter(({ value }) => value !== undefined)
    .map(({ name, key, value }) => ({
      ...(host === undefined ? {} : { host }),
      name,
      value: key.isSecret ? "[set]" : value,
    }));
}
