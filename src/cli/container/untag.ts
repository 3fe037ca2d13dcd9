import { deleteManifest } from "../../client/registry/remote-manifest.ts";
import { type AdministrationInvocation, confirmLoss } from "../administration.ts";
import { parseTaggedImage } from "./image-target.ts";
import { openRegistry } from "./open-registry.ts";

/** `waybill container images untag` */
export async function untag(invocation: AdministrationInvocation): Promise<number> {
  const targets = invocation.positionals.map(parseTaggedImage);
  const names = targets.map(({ name, tag }) => `${name}:${tag}`);
  await confirmLoss(invocation, `Tags to remove: ${names.join(", ")}. Their images stay. Continue?`);
  for (const [index, { host, repository, tag }] of targets.entries()) {
    await deleteManifest(openRegistry(host, invocation), repository, tag);
    invocation.context.stderr(`Untagged [${names[index]}].\n`);
  }
  return 0;
}
