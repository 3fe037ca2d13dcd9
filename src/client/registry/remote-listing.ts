import { Failure } from "../../sources/failure.ts";
import type { RegistryClient } from "./registry-client.ts";
import { findDigest, readWhole, repositoryScope } from "./remote-manifest.ts";

/** An image with its tags; what only Google's and Waybill's registries tell is undefined elsewhere. */
export type RemoteImage = {
  digest: string;
  tags: readonly string[];
  mediaType?: string;
  sizeBytes?: number;
  /** Milliseconds since 1970. */
  createdAt?: number;
  uploadedAt?: number;
};

type TagList = {
  child?: readonly string[];
  manifest?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  tags?: readonly string[] | null;
};

const pageSize = 10_000;
const pageBytesMax = 64 * 1024 * 1024;
const pagesMax = 10_000;
/** Where a registry does not tell what tags point at, so many are asked about at a time. */
const questionsAtOnce = 8;

/** Every image of a repository, the youngest first; without Google's addition to a tag list only those with tags. */
export async function listRemoteImages(client: RegistryClient, repository: string): Promise<RemoteImage[]> {
  const first = await client.send(tagRequest(repository, `/v2/${repository}/tags/list?n=${pageSize}`));
  const list = await readJson<TagList>(first);
  if (list.manifest !== undefined) {
    const images = Object.entries(list.manifest).map(([digest, entry]) => toImage(digest, entry));
    return images.toSorted((one, other) => (other.createdAt ?? 0) - (one.createdAt ?? 0));
  }
  const tags = [...(list.tags ?? []), ...(await restOfTags(client, repository, first))];
  return await imagesOf(client, repository, tags);
}

/** The names next below a project or a repository; undefined where the registry does not tell. */
export async function listRemoteChildren(client: RegistryClient, path: string): Promise<readonly string[] | undefined> {
  const { child } = await readJson<TagList>(await client.send(tagRequest(path, `/v2/${path}/tags/list?n=${pageSize}`)));
  return child;
}

/** Names of the catalog in its order, those after `last` only. */
export async function* listCatalog(client: RegistryClient, last = ""): AsyncGenerator<string> {
  const start = new URLSearchParams({ n: "1000", ...(last !== "" && { last }) });
  for await (const { repositories } of pages<{ repositories?: readonly string[] | null }>(client, {
    path: `/v2/_catalog?${start}`,
    scopes: ["registry:catalog:*"],
    expect: [200],
    what: "to list its repositories",
  })) {
    yield* repositories ?? [];
  }
}

function tagRequest(repository: string, path: string) {
  return { path, scopes: [repositoryScope(repository, "pull")], expect: [200], what: `to list ${repository}` };
}

async function restOfTags(client: RegistryClient, repository: string, first: Response): Promise<string[]> {
  const next = nextPath(first, client);
  const tags: string[] = [];
  if (next === undefined) return tags;
  for await (const page of pages<TagList>(client, tagRequest(repository, next))) tags.push(...(page.tags ?? []));
  return tags;
}

async function* pages<Page extends object>(client: RegistryClient, request: Parameters<RegistryClient["send"]>[0]) {
  let path: string | undefined = request.path;
  for (let count = 0; path !== undefined && count < pagesMax; count++) {
    const answer: Response = await client.send({ ...request, path });
    yield await readJson<Page>(answer);
    path = nextPath(answer, client);
  }
}

/** RFC 8288: the page after this one, at the same registry. */
function nextPath(answer: Response, client: RegistryClient): string | undefined {
  const [, target, parameters = ""] = /^\s*<([^>]*)>([^,]*)/.exec(answer.headers.get("link") ?? "") ?? [];
  if (target === undefined || !/;\s*rel="?next"?/i.test(parameters)) return undefined;
  const url = URL.parse(target, answer.url || client.origin);
  if (url?.origin !== client.origin) throw new Failure(`${client.host} says that its list goes on elsewhere`);
  return `${url.pathname}${url.search}`;
}

async function imagesOf(client: RegistryClient, repository: string, tags: readonly string[]): Promise<RemoteImage[]> {
  const byDigest = new Map<string, string[]>();
  for (let start = 0; start < tags.length; start += questionsAtOnce) {
    const some = tags.slice(start, start + questionsAtOnce);
    const digests = await Promise.all(some.map((tag) => findDigest(client, repository, tag)));
    for (const [index, digest] of digests.entries()) {
      const tag = some[index];
      // A tag that was deleted since the list was made.
      if (digest === undefined || tag === undefined) continue;
      byDigest.set(digest, [...(byDigest.get(digest) ?? []), tag]);
    }
  }
  return [...byDigest].map(([digest, its]) => ({ digest, tags: its }));
}

function toImage(digest: string, entry: Readonly<Record<string, unknown>>): RemoteImage {
  const { tag, mediaType, imageSizeBytes, timeCreatedMs, timeUploadedMs } = entry;
  const numberOf = (value: unknown) => (/^-?[0-9]{1,16}$/.test(String(value)) ? Number(value) : undefined);
  const facts = {
    mediaType: typeof mediaType === "string" ? mediaType : undefined,
    sizeBytes: numberOf(imageSizeBytes),
    createdAt: numberOf(timeCreatedMs),
    uploadedAt: numberOf(timeUploadedMs),
  };
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return { digest, tags: Array.isArray(tag) ? tag.map(String) : [], ...known };
}

async function readJson<Value extends object>(answer: Response): Promise<Value> {
  const value: unknown = JSON.parse(new TextDecoder().decode(await readWhole(answer, pageBytesMax)));
  if (typeof value === "object" && value !== null) return value as Value;
  throw new Failure("the registry's list is not one");
}
