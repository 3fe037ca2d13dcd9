import { forgetAccount } from "../../sources/accounts.ts";
import { Failure } from "../../sources/failure.ts";
import { readSettings } from "../../sources/settings.ts";
import type { Invocation } from "../command.ts";

/** `waybill auth revoke` */
export async function run({ positionals, context }: Invocation): Promise<number> {
  const email = positionals[0] ?? readSettings(context.env).active;
  if (email === undefined) throw new Failure("no account is active on this machine", "name one: waybill auth list");
  const hosts = await forgetAccount(context.env, email);
  context.stderr(`Forgot ${email} on this machine; its key stays valid at the server until it is deleted there.\n`);
  if (hosts.length > 0)
    context.stderr(`Docker's entries can go too: waybill auth unconfigure-docker ${hosts.join(",")}\n`);
  return 0;
}
