import type { RegistryClient } from "../../client/registry/registry-client.ts";
import { mountBlob } from "../../client/registry/remote-blob.ts";
import {
  getManifest,
  putManifest,
  type RemoteDescriptor,
  type RemoteManifest,
  readDocument,
} from "../../client/registry/remote-manifest.ts";
import { Failure } from "../../sources/failure.ts";
import { type AdministrationInvocation, confirmLoss } from "../administration.ts";
import { UsageError } from "../command.ts";
import { parseImageTarget, parseTaggedImage } from "./image-target.ts";
import { openRegistry } from "./open-registry.ts";

/** `waybill container images add-tag` */
export async function addTag(invocation: AdministrationInvocation): Promise<number> {
  const [from = "", ...to] = invocation.positionals;
  const source = parseImageTarget(from);
  const targets = to.map(parseTaggedImage);
  const elsewhere = targets.find(({ host }) => host !== source.host);
  if (elsewhere)
    throw new UsageError(`${elsewhere.host} is another registry than ${source.host}`, `waybill copy ${from} ${to[0]}`);
  const client = openRegistry(source.host, invocation);
  const manifest = await getManifest(client, source.repository, source.digest ?? source.tag ?? "latest");
  const names = targets.map(({ name, tag }) => `${name}:${tag}`);
  await confirmLoss(invocation, `${source.name}@${manifest.digest} will be tagged ${names.join(", ")}. Continue?`);
  for (const [index, { repository, tag }] of targets.entries()) {
    if (repository !== source.repository) await bringParts(client, source.repository, repository, manifest);
    await putManifest(client, repository, tag, manifest);
    invocation.context.stderr(`Created [${names[index]}].\n`);
  }
  return 0;
}

/** Gives another repository of the same registry all that a manifest refers to; no byte of a blob moves. */
async function bringParts(client: RegistryClient, from: string, to: string, manifest: RemoteManifest): Promise<void> {
  const { config, layers = [], manifests = [] } = readDocument(manifest);
  for (const blob of [...(config ? [config] : []), ...layers]) {
    if (mayLieElsewhere(blob) || (await mountBlob(client, from, to, blob.digest))) continue;
    throw new Failure(`${client.host} does not give ${to} the blob ${blob.digest} of ${from}`, "waybill copy moves it");
  }
  for (const { digest } of manifests) {
    const child = await getManifest(client, from, digest);
    await bringParts(client, from, to, child);
    await putManifest(client, to, digest, child);
  }
}

/** image-spec: Non-distributable layers. */
function mayLieElsewhere({ mediaType }: RemoteDescriptor): boolean {
  return mediaType.includes(".nondistributable.") || mediaType.includes(".foreign.");
}
