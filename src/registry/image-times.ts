import type { BlobStore } from "../storage/blobs/blob-store.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Manifest } from "./manifest.ts";

/** Configurations of real images have a few KiB. */
const configBytesMax = 1024 * 1024;

/** The two configurations that say when their image was made (image-spec: Image Configuration, `created`). */
const configTypes = new Set([
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);

/** Reads when an image was made from its configuration, for listings: once, at its push. */
export class ImageTimes {
  readonly #metadata: Metadata;
  readonly #store: BlobStore;

  constructor(metadata: Metadata, store: BlobStore) {
    this.#metadata = metadata;
    this.#store = store;
  }

  /** Milliseconds since 1970, possibly before; undefined where the image does not say, or nothing sensible. */
  async createdAt(repositoryId: string | undefined, { references }: Manifest): Promise<number | undefined> {
    const config = references.find(({ kind }) => kind === "config");
    if (!config || repositoryId === undefined || !configTypes.has(config.mediaType)) return undefined;
    const blob = await this.#metadata.hot.blob(repositoryId, config.digest);
    if (!blob || blob.quarantinedAt !== null || blob.size > configBytesMax) return undefined;
    return createdIn(
      await this.#store
        .read(blob.objectKey)
        .then((stored) => stored.bytes())
        .catch(() => new Uint8Array()),
    );
  }
}

function createdIn(config: Uint8Array): number | undefined {
  try {
    const { created } = JSON.parse(new TextDecoder().decode(config)) as { created?: unknown };
    const milliseconds = typeof created === "string" ? Date.parse(created) : Number.NaN;
    return Number.isFinite(milliseconds) ? milliseconds : undefined;
  } catch {
    return undefined; // Not for us to judge: the client that pulls it will.
  }
}
