import { issueToken, resolveIdentity } from "../../sources/identity.ts";
import { parseScope, platformScope } from "../../sources/scope.ts";
import { type Invocation, parseList, UsageError } from "../command.ts";

/** `waybill auth print-access-token` */
export async function run(invocation: Invocation<"scopes" | "lifetime" | "key-file">): Promise<number> {
  const { values, positionals, context } = invocation;
  const scopes = values.scopes === undefined ? [platformScope] : parseList(values.scopes).map(parseScope);
  if (scopes.length === 0) throw new UsageError("--scopes names no scope");
  const lifetimeSeconds = values.lifetime === undefined ? undefined : parseSeconds(values.lifetime);
  const identity = resolveIdentity({ "key-file": values["key-file"], account: positionals[0] }, context.env);
  const token = await issueToken(identity, { scopes, lifetimeSeconds }, context);
  context.stdout(`${token.reveal()}\n`);
  return 0;
}

function parseSeconds(text: string): number {
  const seconds = Number(/^([0-9]{1,9})s?$/.exec(text)?.[1]);
  if (!(seconds > 0)) throw new UsageError(`--lifetime cannot be ${JSON.stringify(text)}`, "a number of seconds: 900");
  return seconds;
}
