import { hasBlob } from "../../client/registry/blob-upload.ts";
import { mountBlob } from "../../client/registry/remote-blob.ts";
import {
  findDigest,
  getManifest,
  putManifest,
  type RemoteDescriptor,
  type RemoteManifest,
  readDocument,
} from "../../client/registry/remote-manifest.ts";
import { enterReferrers, keepsReferrers, listRemoteReferrers } from "../../client/registry/remote-referrers.ts";
import { Failure } from "../../sources/failure.ts";
import { transferBlob } from "./blob-transfer.ts";
import type { Place } from "./place.ts";
import { allOf, Slots } from "./slots.ts";
import { type Listener, newTally, type Tally } from "./tally.ts";

export type CopyOptions = {
  from: Place;
  to: Place;
  withReferrers: boolean;
  /** Says what would be done, and does nothing. */
  isDryRun: boolean;
  listener: Listener;
};

/** Enough to fill a connection, few enough for the token endpoints and rate limits of others. */
const atOnce = 6;
/** Indexes in indexes; nobody's real ones are deeper than two. */
const depthMax = 8;

/** Copies images between two repositories. Whatever several of them share is copied once. */
export class ImageCopy {
  readonly #options: CopyOptions;
  readonly #slots = new Slots(atOnce);
  readonly #blobs = new Map<string, Promise<void>>();
  readonly #trees = new Map<string, Promise<RemoteManifest>>();
  #tally = newTally();

  constructor(options: CopyOptions) {
    this.#options = options;
  }

  /** Copies one image; its digest, and what was done for it. @param tags what it is called at the target; none: its digest */
  async copy(reference: string, tags: readonly string[]): Promise<{ digest: string; tally: Tally }> {
    this.#tally = newTally();
    const { from, to, isDryRun } = this.#options;
    const manifest = await getManifest(from.client, from.repository, reference);
    await this.#parts(manifest, 0);
    if (!isDryRun)
      for (const tag of tags.length > 0 ? tags : [manifest.digest])
        await putManifest(to.client, to.repository, tag, manifest);
    this.#tally.manifests++;
    await this.#referrers(manifest.digest, 0);
    return { digest: manifest.digest, tally: this.#tally };
  }

  /** A manifest by its digest, after all that it names. */
  #tree(digest: string, depth: number): Promise<RemoteManifest> {
    const known = this.#trees.get(digest);
    if (known) return known;
    const copied = this.#copyTree(digest, depth);
    this.#trees.set(digest, copied);
    return copied;
  }

  async #copyTree(digest: string, depth: number): Promise<RemoteManifest> {
    const { from, to, isDryRun } = this.#options;
    if (depth > depthMax) throw new Failure(`${from.name} has indexes in more than ${depthMax} indexes`);
    const manifest = await this.#slots.do(() => getManifest(from.client, from.repository, digest));
    await this.#parts(manifest, depth);
    if (!isDryRun) await this.#slots.do(() => putManifest(to.client, to.repository, digest, manifest));
    this.#tally.manifests++;
    await this.#referrers(digest, depth);
    return manifest;
  }

  async #parts(manifest: RemoteManifest, depth: number): Promise<void> {
    const { config, layers = [], manifests = [] } = readDocument(manifest);
    const blobs = [...(config ? [config] : []), ...layers].filter((blob) => !mayLieElsewhere(blob));
    await allOf([
      ...blobs.map((blob) => this.#blob(blob)),
      ...manifests.map(({ digest }) => this.#tree(digest, depth + 1)),
    ]);
  }

  #blob(blob: RemoteDescriptor): Promise<void> {
    const copied = this.#blobs.get(blob.digest) ?? this.#slots.do(() => this.#copyBlob(blob));
    this.#blobs.set(blob.digest, copied);
    return copied;
  }

  async #copyBlob({ digest, size }: RemoteDescriptor): Promise<void> {
    const { from, to, isDryRun, listener } = this.#options;
    const { blobs } = this.#tally;
    if (await hasBlob(to.client, to.repository, digest)) return void blobs.there++;
    const isNear = from.client === to.client && from.repository !== to.repository;
    if (isNear && (isDryRun || (await mountBlob(to.client, from.repository, to.repository, digest))))
      return void blobs.mounted++;
    listener.expect(size);
    if (!isDryRun) await transferBlob({ digest, size, from, to, moved: listener.moved.bind(listener) });
    blobs.copied++;
    this.#tally.bytes += size;
  }

  /** What refers to the manifest, and what refers to that. */
  async #referrers(subject: string, depth: number): Promise<void> {
    const { from, to, withReferrers, isDryRun } = this.#options;
    if (!withReferrers) return;
    const referrers = await listRemoteReferrers(from.client, from.repository, subject);
    await allOf(referrers.map(({ digest }) => this.#tree(digest, depth + 1)));
    if (referrers.length === 0 || isDryRun || (await keepsReferrers(to.client, to.repository, subject))) return;
    await enterReferrers(to.client, to.repository, subject, referrers);
  }
}

/** The digest that a tag stands for, where the image is there. */
export async function digestAt({ client, repository, name }: Place, reference: string): Promise<string> {
  const digest = await findDigest(client, repository, reference);
  if (digest !== undefined) return digest;
  throw new Failure(`there is no ${name}:${reference}`, `waybill container images list-tags ${name}`);
}

/** image-spec: Non-distributable layers. */
function mayLieElsewhere({ mediaType }: RemoteDescriptor): boolean {
  return mediaType.includes(".nondistributable.") || mediaType.includes(".foreign.");
}
