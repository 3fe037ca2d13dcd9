import { isSecret } from "../../config/config-layers.ts";
import { showValue } from "../../config/config-reference.ts";
import { settings } from "../../config/settings.ts";
import { type Invocation, UsageError } from "../command.ts";
import { formatTable } from "../table.ts";
import { readOrRefuse } from "./surroundings.ts";

/** `waybill config print`: what a server would run with, and where each value was said. */
export async function run({ argv, context }: Invocation): Promise<number> {
  const { config, chosen, own } = readOrRefuse(argv, context);
  if (own["format"] !== undefined && !["json", "table"].includes(own["format"]))
    throw new UsageError(`--format cannot be ${JSON.stringify(own["format"])}`, "one of: json, table");
  const rows = Object.keys(settings.shape).map((name) => ({
    name,
    value: shown(name, config[name as keyof typeof config]),
    // What stands after the place is the name once more.
    from: chosen.get(name)?.where.replace(/: [a-z-]+$/, "") ?? "default",
  }));
  if (own["format"] === "json") context.stdout(`${JSON.stringify(rows, undefined, 2)}\n`);
  else
    context.stdout(
      formatTable(
        ["NAME", "VALUE", "FROM"],
        rows.map(({ name, value, from }) => [name, showValue(value), from]),
      ),
    );
  return 0;
}

function shown(name: string, value: unknown): unknown {
  return isSecret(name) && value !== undefined ? "(hidden)" : value;
}
