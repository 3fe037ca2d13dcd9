import { RegistryClient } from "./client/registry/registry-client.ts";
import { RegistryRefusal } from "./client/registry/registry-refusal.ts";
import { listCatalog, listRemoteChildren, listRemoteImages } from "./client/registry/remote-listing.ts";
import { findDigest, getManifest, repositoryScope } from "./client/registry/remote-manifest.ts";
import { listRemoteReferrers } from "./client/registry/remote-referrers.ts";
import { publicFetch } from "./public-network.ts";
import type { OpenUpstream, Upstream, UpstreamBlob } from "./registry/upstream/upstream.ts";
import { loadSource } from "./sources/all-sources.ts";
import { collectToken } from "./sources/collect-token.ts";
import type { Context } from "./sources/context.ts";
import { Failure } from "./sources/failure.ts";
import { isLoopback, parseRegistryHost, type RegistryHost } from "./sources/registry-host.ts";
import { readSettings } from "./sources/settings.ts";
import { sourceContext } from "./sources/source-context.ts";
import { planFor } from "./sources/token-plan.ts";
import type { UpstreamRow } from "./storage/metadata/upstreams.ts";

/** Tokens live ten minutes at least: whoever is asked after that is asked with new ones. */
const clientMillisecondsMax = 9 * 60_000;
const tokenMillisecondsMax = 30_000;

/** Docker's own registry has one name for people and one for programs. */
const programHosts: Readonly<Record<string, string>> = { "docker.io": "registry-1.docker.io" };

/**
 * Speaks to other registries for the caches. Their credentials come from a token source that the project names; they are
 * made for the upstream's host, sent to that host or its known token endpoint, and kept nowhere.
 *
 * @param privateHosts upstreams that may lie in a private network
 * @param stopping ends every conversation with them
 */
export function upstreams(context: Context, privateHosts: readonly string[], stopping: AbortSignal): OpenUpstream {
  const open = new Map<string, { upstream: Upstream; until: number }>();
  const fetch: Context["fetch"] = (request) =>
    context.fetch(new Request(request, { signal: AbortSignal.any([stopping, request.signal]), redirect: "manual" }));
  const outside = { ...context, fetch: publicFetch(fetch, privateHosts) };
  return (row) => {
    const key = `${row.host} ${row.credentials}`;
    const known = open.get(key);
    if (known && known.until > context.now()) return known.upstream;
    const upstream = upstreamOf(clientOf(row, outside));
    open.set(key, { upstream, until: context.now() + clientMillisecondsMax });
    return upstream;
  };
}

function clientOf({ host, credentials }: UpstreamRow, context: Context): RegistryClient {
  const reached = programHosts[host] ?? host;
  const scheme = isLoopback(new URL(`https://${reached}`).hostname) ? "http:" : "https:";
  return new RegistryClient({
    origin: `${scheme}//${reached}`,
    credentials: async () => (credentials === "" ? undefined : await tokenOf(host, credentials, context)),
    fetch: context.fetch,
  });
}

/** A token for the host from this source and no other. Throws where the source has no identity for it. */
async function tokenOf(text: string, source: string, context: Context) {
  const host = parseRegistryHost(text) as RegistryHost;
  const settings = readSettings(context.env);
  const plan = planFor(host, settings, context.env);
  const signal = AbortSignal.timeout(tokenMillisecondsMax);
  const sources = [() => loadSource(source)];
  const collected = plan && (await collectToken(sources, plan, sourceContext(context, settings, signal)));
  if (collected) return { username: "_token", secret: collected.fresh.token };
  throw new Failure(`the token source ${source} has no identity for ${host}`, "waybill doctor says why");
}

function upstreamOf(client: RegistryClient): Upstream {
  return {
    digest: (name, tag) => findDigest(client, name, tag),
    manifest: (name, reference) => presentOnly(() => getManifest(client, name, reference)),
    blob: (name, digest) => getBlob(client, name, digest),
    repositories: (prefix) => repositoriesBelow(client, prefix),
    referrers: (name, digest) => referrersOf(client, name, digest),
    tags: async (name) => (await presentOnly(() => listRemoteImages(client, name)))?.flatMap(({ tags }) => tags) ?? [],
  };
}

async function getBlob(client: RegistryClient, name: string, digest: string): Promise<UpstreamBlob | undefined> {
  const answer = await client.send({
    path: `/v2/${name}/blobs/${digest}`,
    scopes: [repositoryScope(name, "pull")],
    expect: [200, 404],
    what: `to read ${name}`,
  });
  const length = answer.headers.get("content-length");
  const body = answer.body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
  if (answer.status === 200) return { size: length === null ? undefined : Number(length), body };
  await answer.body?.cancel();
  return undefined;
}

/** A registry that refuses the question keeps no list; one that fails is asked again. */
async function referrersOf(client: RegistryClient, name: string, digest: string): Promise<string[]> {
  try {
    return (await listRemoteReferrers(client, name, digest)).map((each) => each.digest);
  } catch (error) {
    if (error instanceof RegistryRefusal && error.status < 500 && error.status !== 429) return [];
    throw error;
  }
}

/** By Google's addition to tag listings where the registry has it, else by its catalog. */
async function* repositoriesBelow(client: RegistryClient, prefix: string): AsyncGenerator<string> {
  const children = prefix === "" ? undefined : await presentOnly(() => listRemoteChildren(client, prefix));
  if (children !== undefined) {
    for (const child of children) {
      yield `${prefix}/${child}`;
      yield* repositoriesBelow(client, `${prefix}/${child}`);
    }
    return;
  }
  for await (const name of listCatalog(client)) if (prefix === "" || name.startsWith(`${prefix}/`)) yield name;
}

/** What is not there is undefined here. */
async function presentOnly<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RegistryRefusal && error.status === 404) return undefined;
    throw error;
  }
}
