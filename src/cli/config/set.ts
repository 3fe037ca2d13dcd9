import { changeSettings } from "../../sources/settings.ts";
import type { Invocation } from "../command.ts";
import { asText, keyNamed, writeValue } from "./values.ts";

/** `waybill config set` */
export async function run({ values, positionals, context }: Invocation<"host">): Promise<number> {
  const [name = "", text = ""] = positionals;
  const key = keyNamed(name, values.host);
  const value = key.parse(text);
  await changeSettings(context.env, (settings) => writeValue(settings, key, values.host, value));
  const shown = key.isSecret ? "" : ` to ${asText(value)}`;
  context.stderr(`Set ${name}${shown}${values.host === undefined ? "" : ` for ${values.host}`}.\n`);
  return 0;
}
