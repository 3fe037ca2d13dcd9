import type { BlobStore } from "../../storage/blobs/blob-store.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { UpstreamRow } from "../../storage/metadata/upstreams.ts";
import type { Blobs, StoredBlob } from "../blobs.ts";
import { algorithmOf, type Digest, parseDigest } from "../digest.ts";
import type { Manifests } from "../manifests.ts";
import type { Reference, Tag } from "../reference.ts";
import { RegistryError } from "../registry-error.ts";
import { type ResolvedRepository, resolveRepository } from "../resolve.ts";
import { isLimit } from "../rules/limits.ts";
import type { UploadChunk } from "../upload-chunk.ts";
import type { Uploads } from "../uploads.ts";
import { Arrival } from "./arrival.ts";
import type { Caches } from "./caches.ts";
import { SingleFlight } from "./single-flight.ts";
import { stoppable } from "./stoppable.ts";
import { TagTimes } from "./tag-times.ts";
import { type OpenUpstream, upstreamName } from "./upstream.ts";

export interface PullThroughServices {
  readonly metadata: Metadata;
  readonly store: Pick<BlobStore, "read" | "readsUnfinished">;
  readonly caches: Caches;
  readonly manifests: Manifests;
  readonly blobs: Blobs;
  readonly uploads: Uploads;
  readonly open: OpenUpstream;
  /** How long a tag is believed to stay where it was seen. */
  readonly tagMilliseconds: number;
  readonly now: () => number;
  readonly log: (error: unknown, message: string) => void;
}

/**
 * The images of projects that are caches: what is not here is fetched, checked and stored as a push would be. A digest is
 * fetched once and for ever, a tag is looked up anew after a while; where the upstream does not answer, what is here counts.
 */
export class PullThrough {
  readonly #services: PullThroughServices;
  readonly #tagTimes = new TagTimes();
  readonly #manifests = new SingleFlight<void>();
  readonly #openings = new SingleFlight<Arrival>();
  readonly #arrivals = new Map<string, Arrival>();
  readonly #stopping = new AbortController();

  constructor(services: PullThroughServices) {
    this.#services = services;
  }

  /** Is it a cache's? Asks nothing of the database. */
  isFor({ projectId }: ResolvedRepository): boolean {
    return this.#services.caches.upstreamOf(projectId) !== undefined;
  }

  /** Sees to it that a manifest is here, where the project is a cache. Throws MANIFEST_UNKNOWN and UNAVAILABLE. */
  async bringManifest(resolved: ResolvedRepository, reference: Reference): Promise<ResolvedRepository> {
    const upstream = this.#services.caches.upstreamOf(resolved.projectId);
    if (!upstream) return resolved;
    const key = keyOf(resolved, reference.kind === "tag" ? reference.tag : reference.digest);
    await this.#manifests.do(key, () =>
      reference.kind === "tag"
        ? this.#bringTag(upstream, resolved, reference.tag, key)
        : this.#bringDigest(upstream, resolved, reference.digest),
    );
    return await this.#again(resolved);
  }

  /**
   * The blob on its way here, where the project is a cache and does not have it yet; undefined where the ordinary way
   * answers. Throws BLOB_UNKNOWN and UNAVAILABLE.
   */
  async bringBlob(resolved: ResolvedRepository, digest: Digest): Promise<Arrival | undefined> {
    const upstream = this.#services.caches.upstreamOf(resolved.projectId);
    if (!upstream || (await this.#stored(resolved, digest))) return undefined;
    const key = keyOf(resolved, digest);
    return (
      this.#arrivals.get(key) ?? (await this.#openings.do(key, () => this.#openArrival(upstream, resolved, digest)))
    );
  }

  /** Gives up what is being fetched; resolves when nothing is. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the server stops"));
    await Promise.allSettled([...this.#arrivals.values()].map(({ stored }) => stored));
  }

  /** A blob that was brought. */
  async blob(resolved: ResolvedRepository, digest: Digest): Promise<StoredBlob> {
    return await this.#services.blobs.get(await this.#again(resolved), digest);
  }

  async #bringTag(upstream: UpstreamRow, resolved: ResolvedRepository, tag: Tag, key: string): Promise<void> {
    const { metadata, now, open, tagMilliseconds, log } = this.#services;
    const { repositoryId } = await this.#again(resolved);
    const here = repositoryId && (await metadata.hot.tagDigest(repositoryId, tag));
    if (here !== undefined && this.#tagTimes.isFresh(key, now() - tagMilliseconds)) return;
    try {
      const name = upstreamName(upstream, resolved.repository.image);
      const there = await open(upstream).digest(name, tag);
      if (there === undefined) throw unknownManifest(upstream, resolved, tag);
      if (there !== here) await this.#fetchManifest(upstream, resolved, there, [tag]);
      this.#tagTimes.note(key, now());
    } catch (error) {
      // Pulls of what is here go on where the project takes no more.
      if (here !== undefined && isLimit(error)) return;
      if (here === undefined || error instanceof RegistryError) throw asRegistryError(upstream, error);
      log(error, `${upstream.host} does not answer: ${resolved.repository.path}:${tag} is served as it was`);
    }
  }

  async #bringDigest(upstream: UpstreamRow, resolved: ResolvedRepository, digest: Digest): Promise<void> {
    const { repositoryId } = await this.#again(resolved);
    if (repositoryId && (await this.#services.metadata.hot.manifestHead(repositoryId, digest))) return;
    await this.#fetchManifest(upstream, resolved, digest, []).catch((error) => {
      throw asRegistryError(upstream, error);
    });
  }

  async #fetchManifest(upstream: UpstreamRow, resolved: ResolvedRepository, digest: string, tags: readonly Tag[]) {
    const { open, manifests } = this.#services;
    const found = await open(upstream).manifest(upstreamName(upstream, resolved.repository.image), digest);
    if (!found) throw unknownManifest(upstream, resolved, digest);
    await manifests.put(resolved, {
      digest: parseDigest(digest),
      tags,
      contentType: found.mediaType,
      body: found.bytes,
      principal: principalOf(upstream),
      allowTag: () => {},
      // Its parts come when somebody asks for them.
      mayLackParts: true,
    });
  }

  async #openArrival(upstream: UpstreamRow, resolved: ResolvedRepository, digest: Digest): Promise<Arrival> {
    const { open, uploads, store } = this.#services;
    const found = await open(upstream)
      .blob(upstreamName(upstream, resolved.repository.image), digest)
      .catch((error) => {
        throw asRegistryError(upstream, error);
      });
    if (!found) throw new RegistryError("BLOB_UNKNOWN", `there is no blob ${digest} at ${upstream.host}`);
    const { id, objectKey } = await uploads.begin(resolved, principalOf(upstream), algorithmOf(digest));
    const arrival = new Arrival(
      { size: found.size, body: stoppable(found.body, this.#stopping.signal) },
      (body, onWritten) => this.#keep(id, { body, length: found.size, onWritten }, digest, keyOf(resolved, digest)),
      store.readsUnfinished ? (start, end) => store.read(objectKey, start, end) : undefined,
    );
    this.#arrivals.set(keyOf(resolved, digest), arrival);
    return arrival;
  }

  async #keep(id: string, chunk: UploadChunk, digest: Digest, key: string) {
    const { uploads, log } = this.#services;
    try {
      await uploads.finish(id, chunk, digest);
    } catch (error) {
      log(error, `the blob ${digest} could not be brought here`);
      await uploads.cancel(id).catch(() => {});
      throw error;
    } finally {
      this.#arrivals.delete(key);
    }
  }

  async #stored(resolved: ResolvedRepository, digest: Digest): Promise<boolean> {
    const { metadata } = this.#services;
    const { repositoryId } = await this.#again(resolved);
    const row = repositoryId && (await metadata.hot.blob(repositoryId, digest));
    return row !== undefined && row !== "" && row.quarantinedAt === null;
  }

  /** What was brought first made the repository. */
  async #again(resolved: ResolvedRepository): Promise<ResolvedRepository> {
    if (resolved.repositoryId !== undefined) return resolved;
    return await resolveRepository(this.#services.metadata, resolved.repository);
  }
}

function keyOf({ repository }: ResolvedRepository, what: string): string {
  return `${repository.location} ${repository.path} ${what}`;
}

function principalOf({ host }: UpstreamRow): string {
  return `upstream:${host}`;
}

function unknownManifest({ host }: UpstreamRow, { repository }: ResolvedRepository, reference: string): RegistryError {
  return new RegistryError("MANIFEST_UNKNOWN", `${host} has no ${reference} of ${repository.path}`);
}

/** What the upstream said is for the log: it may name addresses and accounts that are none of the client's business. */
function asRegistryError({ host }: UpstreamRow, cause: unknown): RegistryError {
  if (cause instanceof RegistryError) return cause;
  return new RegistryError("UNAVAILABLE", `${host}, which this project is a cache of, does not answer as it should`, {
    cause,
  });
}
