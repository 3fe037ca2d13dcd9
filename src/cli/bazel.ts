import { bazelCredentials } from "../helper/bazel.ts";
import { type Invocation, UsageError } from "./command.ts";

/** `waybill bazel-credential-helper` */
export async function run({ positionals, context }: Invocation): Promise<number> {
  if (positionals[0] !== "get") throw new UsageError(`unknown action ${JSON.stringify(positionals[0])}`, "get");
  context.stdout(`${JSON.stringify(await bazelCredentials(context))}\n`);
  return 0;
}
