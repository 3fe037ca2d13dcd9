import type { RegistryClient } from "../../client/registry/registry-client.ts";
import { listRemoteImages } from "../../client/registry/remote-listing.ts";
import { deleteManifest, findDigest } from "../../client/registry/remote-manifest.ts";
import { Failure } from "../../sources/failure.ts";
import { type AdministrationInvocation, confirmLoss } from "../administration.ts";
import type { Invocation } from "../command.ts";
import { type ImageTarget, parseImageTarget } from "./image-target.ts";
import { openRegistry } from "./open-registry.ts";

/** One image that is to go, with every tag that points at it. */
type Doomed = { client: RegistryClient; name: string; repository: string; digest: string; tags: readonly string[] };

/** `waybill container images delete` */
export async function remove(
  invocation: AdministrationInvocation & Invocation<never, "force-delete-tags" | "quiet">,
): Promise<number> {
  const { values, positionals, context } = invocation;
  const targets = positionals.map(parseImageTarget);
  const found = await Promise.all(targets.map((target) => find(target, invocation)));
  const doomed = [...new Map(found.map((image) => [`${image.name}@${image.digest}`, image])).values()];
  if (!values["force-delete-tags"]) requireNoOtherTags(doomed, targets);
  await confirmLoss(invocation, question(doomed));
  for (const { client, name, repository, digest, tags } of doomed) {
    for (const tag of tags) {
      await deleteManifest(client, repository, tag);
      context.stderr(`Deleted [${name}:${tag}].\n`);
    }
    await deleteManifest(client, repository, digest);
    context.stderr(`Deleted [${name}@${digest}].\n`);
  }
  return 0;
}

async function find(target: ImageTarget, invocation: AdministrationInvocation): Promise<Doomed> {
  const { host, name, repository } = target;
  const client = openRegistry(host, invocation);
  const reference = target.digest ?? target.tag ?? "latest";
  const digest = await findDigest(client, repository, reference);
  if (digest === undefined)
    throw new Failure(
      `there is no image ${name}${target.digest ? "@" : ":"}${reference}`,
      `waybill container images list-tags ${name}`,
    );
  const image = (await listRemoteImages(client, repository)).find((each) => each.digest === digest);
  return { client, name, repository, digest, tags: image?.tags ?? [] };
}

/** Whoever deletes one tag's image would take it from under the others. */
function requireNoOtherTags(doomed: readonly Doomed[], targets: readonly ImageTarget[]): void {
  const named = new Set(targets.map(({ name, tag, digest }) => `${name}:${digest ? "" : (tag ?? "latest")}`));
  const others = doomed
    .flatMap(({ name, tags }) => tags.map((tag) => `${name}:${tag}`))
    .filter((text) => !named.has(text));
  if (others.length === 0) return;
  throw new Failure(
    `these tags would go too: ${[...new Set(others)].join(", ")}`,
    "remove them with waybill container images untag, or add --force-delete-tags",
  );
}

function question(doomed: readonly Doomed[]): string {
  const lines = doomed.flatMap(({ name, digest, tags }) => [
    `${name}@${digest}`,
    ...tags.map((tag) => `${name}:${tag}`),
  ]);
  return `To be deleted:\n${[...new Set(lines)].map((line) => `- ${line}\n`).join("")}Continue?`;
}
