import { readSettings } from "../../sources/settings.ts";
import type { Invocation } from "../command.ts";
import { asText, keyNamed, readValue } from "./values.ts";

/** `waybill config get`: exit code 1 says that it is not set. */
export async function run({ values, positionals, context }: Invocation<"host">): Promise<number> {
  const [name = ""] = positionals;
  const value = readValue(readSettings(context.env), keyNamed(name, values.host), values.host);
  if (value !== undefined) context.stdout(`${asText(value)}\n`);
  else context.stderr(`${name} is not set.\n`);
  return value === undefined ? 1 : 0;
}
