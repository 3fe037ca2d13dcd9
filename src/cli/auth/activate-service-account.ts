import { activateAccount, readKeyFile } from "../../sources/accounts.ts";
import type { Context } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import { parseServer } from "../../sources/server.ts";
import { keyFileBytesMax, parseServiceAccountKey } from "../../sources/service-account-key.ts";
import { type Invocation, UsageError } from "../command.ts";

/** `waybill auth activate-service-account` */
export async function run(invocation: Invocation<"key-file" | "server", "push">): Promise<number> {
  const { values, positionals, context } = invocation;
  const file = values["key-file"];
  if (file === undefined) throw new UsageError("--key-file is missing");
  const server = values.server === undefined ? undefined : parseServer(values.server);
  const origin = file === "-" ? "the key on standard input" : file;
  const text = file === "-" ? await readStandardInput(context) : readKeyFile(file);
  const [wanted] = positionals;
  const { email: found } = parseServiceAccountKey(text, origin);
  if (wanted !== undefined && wanted !== found) throw new Failure(`${origin} is the key of ${found}, not of ${wanted}`);
  const mayPush = values.push === true;
  const { email, hosts } = await activateAccount(context.env, text, origin, { server, mayPush });
  context.stderr(`Activated ${email} for ${hosts.join(", ")}, to ${mayPush ? "push and pull" : "pull"}.\n`);
  context.stderr(`Docker uses it after: waybill auth configure-docker${mayPush ? "" : " (to push too: --push)"}\n`);
  return 0;
}

async function readStandardInput(context: Context): Promise<string> {
  const text = await context.readInput(keyFileBytesMax);
  if (text === undefined) throw new Failure(`standard input has more than ${keyFileBytesMax} bytes`);
  return text;
}
