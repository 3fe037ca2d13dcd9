import { forgetAccount } from "../../sources/accounts.ts";
import { accountMeant } from "../../sources/login/own-account.ts";
import type { Invocation } from "../command.ts";

/** `waybill auth revoke` */
export async function run(invocation: Invocation): Promise<number> {
  const { positionals, context } = invocation;
  const { email, account } = accountMeant(positionals[0], context.env);
  if (account.login !== undefined) return await (await import("./logout.ts")).run(invocation);
  const hosts = await forgetAccount(context.env, email);
  context.stderr(`Forgot ${email} on this machine; its key stays valid at the server until it is deleted there.\n`);
  if (hosts.length > 0)
    context.stderr(`Docker's entries can go too: waybill auth unconfigure-docker ${hosts.join(",")}\n`);
  return 0;
}
