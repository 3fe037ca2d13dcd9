import type { RegistryClient } from "./registry-client.ts";
import { RegistryRefusal } from "./registry-refusal.ts";
import {
  digestOf,
  getManifest,
  putManifest,
  type RemoteDescriptor,
  type RemoteManifest,
  readDocument,
  readWhole,
  repositoryScope,
} from "./remote-manifest.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const pageBytesMax = 16 * 1024 * 1024;
const pagesMax = 1000;

/** What refers to a manifest: signatures, SBOMs (distribution-spec: Listing referrers), by the referrers tag where a registry has no list. */
export async function listRemoteReferrers(client: RegistryClient, repository: string, digest: string) {
  const found: RemoteDescriptor[] = [];
  let path: string | undefined = `/v2/${repository}/referrers/${digest}`;
  for (let count = 0; path !== undefined && count < pagesMax; count++) {
    const request = { path, scopes: [repositoryScope(repository, "pull")], what: `to list what refers to ${digest}` };
    const answer: Response = await client.send({ ...request, expect: [200, 400, 404, 405] });
    if (answer.status !== 200) return await fromTag(client, repository, digest);
    const bytes = await readWhole(answer, pageBytesMax);
    found.push(...(readDocument({ digest, mediaType: indexType, bytes }).manifests ?? []));
    path = nextPath(answer, client);
  }
  return found;
}

/** Enters manifests into the referrers tag of a registry that keeps no list of its own (distribution-spec: Referrers tag schema). */
export async function enterReferrers(
  client: RegistryClient,
  repository: string,
  subject: string,
  referrers: readonly RemoteDescriptor[],
): Promise<void> {
  const there = await fromTag(client, repository, subject);
  const known = new Set(there.map(({ digest }) => digest));
  const manifests = [...there, ...referrers.filter(({ digest }) => !known.has(digest))];
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
  const index: RemoteManifest = { digest: digestOf(bytes), mediaType: indexType, bytes };
  await putManifest(client, repository, referrersTag(subject), index);
}

/** Does the registry itself list what refers to something? */
export async function keepsReferrers(client: RegistryClient, repository: string, digest: string): Promise<boolean> {
  const request = { path: `/v2/${repository}/referrers/${digest}`, scopes: [repositoryScope(repository, "pull")] };
  const answer = await client.send({ ...request, expect: [200, 400, 404, 405], what: "to list referrers" });
  await answer.body?.cancel();
  return answer.status === 200;
}

async function fromTag(client: RegistryClient, repository: string, digest: string): Promise<RemoteDescriptor[]> {
  try {
    return [...(readDocument(await getManifest(client, repository, referrersTag(digest))).manifests ?? [])];
  } catch (error) {
    if (error instanceof RegistryRefusal && error.status === 404) return [];
    throw error;
  }
}

function referrersTag(digest: string): string {
  const [algorithm = "", encoded = ""] = digest.split(":");
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`;
}

function nextPath(answer: Response, client: RegistryClient): string | undefined {
  const [, target] = /^\s*<([^>]*)>\s*;[^,]*rel="?next/i.exec(answer.headers.get("link") ?? "") ?? [];
  const url = target === undefined ? undefined : URL.parse(target, client.origin);
  return url?.origin === client.origin ? `${url.pathname}${url.search}` : undefined;
}
