import { Failure } from "../../sources/failure.ts";
import { accountMeant, endSignIn } from "../../sources/login/own-account.ts";
import { readSettings } from "../../sources/settings.ts";
import { endpointsOf, redirected } from "../../sources/source-context.ts";
import type { Invocation } from "../command.ts";

/** `waybill auth logout` */
export async function run({ positionals, context }: Invocation): Promise<number> {
  const { email, account } = accountMeant(positionals[0], context.env);
  if (account.login === undefined)
    throw new Failure(`${email} has a key and no sign-in`, `forget it with: waybill auth revoke ${email}`);
  const endpoints = endpointsOf(readSettings(context.env));
  const fetch: typeof context.fetch = (request) => context.fetch(redirected(request, endpoints));
  const hosts = await endSignIn(email, account, { ...context, fetch });
  context.stderr(`Signed out ${email}, here and at ${account.server}.\n`);
  if (hosts.length > 0)
    context.stderr(`Docker's entries can go too: waybill auth unconfigure-docker ${hosts.join(",")}\n`);
  return 0;
}
