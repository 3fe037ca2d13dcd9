import type { Context } from "../../sources/context.ts";
import { confirm } from "../ask.ts";
import type { Invocation } from "../command.ts";
import { Chain } from "./chain.ts";
import { examineCredentials } from "./credential-links.ts";
import { examineIdentity } from "./identity-links.ts";
import { type ImageName, parseImageName } from "./image-name.ts";
import { examineNetwork } from "./network-links.ts";
import { examineRegistry } from "./registry-links.ts";
import { formatReport, reportData } from "./report.ts";

/** `waybill doctor` */
export async function run({
  values,
  positionals,
  context,
}: Invocation<"format", "fix" | "push" | "quiet">): Promise<number> {
  const image = parseImageName(positionals[0] ?? "");
  const isPushing = values.push === true;
  let chain = await examine(image, isPushing, context);
  if (values.fix && (await mend(chain, values.quiet === true, context)))
    chain = await examine(image, isPushing, context);
  if (values.format === "json")
    context.stdout(`${JSON.stringify(reportData(image.text, chain.links), undefined, 2)}\n`);
  else context.stdout(formatReport(image.text, chain.links));
  return chain.isBroken ? 1 : 0;
}

/** Looks at every link, from docker's configuration to the image. */
export async function examine(image: ImageName, isPushing: boolean, context: Context): Promise<Chain> {
  const chain = new Chain();
  const presented = await examineCredentials(image.host, context, chain);
  const account = presented && (await examineIdentity(presented, { host: image.host, isPushing }, context, chain));
  const reached = await examineNetwork(image.host, context, chain);
  const { isBroken: wasBroken } = chain;
  if (reached)
    await examineRegistry(reached, { image, isPushing, credentials: presented, account, wasBroken }, context, chain);
  else chain.skip("registry", "it cannot be reached");
  return chain;
}

/** Does what can be done, after saying it. True when anything was changed. */
async function mend({ links }: Chain, isQuiet: boolean, context: Context): Promise<boolean> {
  const fixes = links.flatMap(({ fix }) => fix ?? []);
  if (fixes.length === 0) {
    context.stderr("There is nothing that doctor can mend by itself.\n");
    return false;
  }
  for (const { what } of fixes) context.stderr(`doctor will ${what}\n`);
  if (!isQuiet) await confirm("Do this?", context);
  for (const { apply } of fixes) await apply();
  return true;
}
