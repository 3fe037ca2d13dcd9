import { configReference } from "../../config/config-reference.ts";
import type { Invocation } from "../command.ts";

/** `waybill config docs`: the page about every setting. */
export async function run({ context }: Invocation): Promise<number> {
  context.stdout(configReference());
  return 0;
}
