import { changeSettings } from "../../sources/settings.ts";
import type { Invocation } from "../command.ts";
import { keyNamed, writeValue } from "./values.ts";

/** `waybill config unset` */
export async function run({ values, positionals, context }: Invocation<"host">): Promise<number> {
  const [name = ""] = positionals;
  const key = keyNamed(name, values.host);
  await changeSettings(context.env, (settings) => writeValue(settings, key, values.host, undefined));
  context.stderr(`${name} is not set any more${values.host === undefined ? "" : ` for ${values.host}`}.\n`);
  return 0;
}
