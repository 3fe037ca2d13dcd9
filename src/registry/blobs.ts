import type { BlobStore, ObjectBytes } from "../storage/blobs/blob-store.ts";
import { linkBlob, listBlobHolders, unlinkBlob } from "../storage/metadata/blobs.ts";
import { findBlobUse } from "../storage/metadata/garbage.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { ensureRepository } from "../storage/metadata/repositories.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import { quarantineBlob } from "../storage/metadata/scrub.ts";
import type { Digest } from "./digest.ts";
import { RegistryError } from "./registry-error.ts";
import { parseRepository, type Repository, repositoryPath } from "./repository.ts";
import { existingProject, existingRepository, type ResolvedRepository } from "./resolve.ts";
import { requireMutableContent } from "./rules/immutable-tags.ts";
import { withinLimits } from "./rules/limits.ts";

/** A blob that may be read. */
export interface StoredBlob {
  /** Bytes. */
  readonly size: number;
  /** The bytes from `start` (inclusive) to `end` (exclusive). */
  read(start?: number, end?: number): Promise<ObjectBytes>;
  /** Where the store itself gives it to whoever asks soon; absent where it is to be read here. */
  readonly link: ((headers: Readonly<Record<string, string>>) => Promise<string>) | undefined;
  /** The same at once, where the store need not wait for it. */
  readonly atOnce?: {
    /** Whether it still has the size that it was stored with. */
    isWhole(): boolean;
    read(): Blob;
  };
}

/** Whoever has been sent there asks at once, and a longer answer goes on. What was decided may be revoked meanwhile. */
const linkSeconds = 60;

/** A blob that half the repositories have is found in one of the first, or uploaded. */
const holdersMax = 20;

/** The blobs of every repository: each exists only where a link says so. */
export class Blobs {
  readonly #metadata: Metadata;
  readonly #store: BlobStore;
  readonly #now: () => number;
  readonly #redirects: boolean;

  /** @param redirects whether whoever may read a blob is sent to the store, where it can be read there */
  constructor(metadata: Metadata, store: BlobStore, now: () => number, redirects = false) {
    this.#metadata = metadata;
    this.#store = store;
    this.#now = now;
    this.#redirects = redirects;
  }

  /**
   * Throws NAME_UNKNOWN or BLOB_UNKNOWN. A blob that does not have the size it was stored with is refused from then on
   * everywhere, and reads as absent: a client that pushes it again repairs it.
   */
  async get(resolved: ResolvedRepository, digest: Digest): Promise<StoredBlob> {
    const row = await this.#metadata.hot.blob(existingRepository(resolved), digest);
    if (!row || row.quarantinedAt !== null) throw unknown(resolved, digest);
    const stored = await this.#store.stat(row.objectKey);
    if (stored !== row.size) throw await this.#damaged(digest, row, stored);
    const { objectKey: key, size } = row;
    const link = this.#redirects ? this.#store.link?.bind(this.#store, key, linkSeconds) : undefined;
    const { atOnce } = this.#store;
    return {
      size,
      read: (start, end) => this.#store.read(key, start, end),
      link,
      ...(atOnce && { atOnce: { isWhole: () => atOnce.size(key) === size, read: () => atOnce.read(key) } }),
    };
  }

  /** Some repositories that have the blob: where an anonymous mount looks (distribution-spec: `mount` without `from`). */
  async holders(location: string, digest: Digest): Promise<Repository[]> {
    const rows = await listBlobHolders(this.#metadata.read, location, digest, holdersMax);
    return rows.map(({ project, image }) => parseRepository(repositoryPath(project, image), location));
  }

  /**
   * Gives a repository a blob of another one that the caller may read. False where the source does not have it:
   * the client then uploads (distribution-spec: Mounting a blob from another repository).
   */
  async mount(target: ResolvedRepository, source: ResolvedRepository, digest: Digest): Promise<boolean> {
    const projectId = existingProject(target);
    if (source.repositoryId === undefined) return false;
    const row = await this.#metadata.hot.blob(source.repositoryId, digest);
    if (!row || row.quarantinedAt !== null) return false;
    const { location, image: name } = target.repository;
    const { repositoryId: sourceId } = source;
    const link = async (write: Writer) => {
      // Garbage collection may have been here since the question above.
      if ((await findBlobUse(write, sourceId, digest))?.hiddenAt !== null) return false;
      const now = this.#now();
      const repositoryId = await ensureRepository(write, { location, projectId, name }, now);
      await linkBlob(write, repositoryId, digest, now);
      return true;
    };
    return await this.#metadata.write((write) => withinLimits(write, projectId, () => link(write)));
  }

  /** Takes the blob from this repository; others keep it. Throws NAME_UNKNOWN, BLOB_UNKNOWN, DENIED or UNSUPPORTED. */
  async delete(resolved: ResolvedRepository, digest: Digest): Promise<void> {
    const repositoryId = existingRepository(resolved);
    const projectId = existingProject(resolved);
    const unlink = async (write: Writer) => {
      await requireMutableContent(write, { projectId, repositoryId }, digest);
      return await unlinkBlob(write, repositoryId, digest, this.#now());
    };
    const found = await this.#metadata.write((write) => withinLimits(write, projectId, () => unlink(write)));
    if (!found) throw unknown(resolved, digest);
  }

  async #damaged(digest: Digest, { objectKey, size }: { objectKey: string; size: number }, stored: number | undefined) {
    const cause = `object ${objectKey} has ${stored ?? "no"} bytes instead of ${size}`;
    // A disk that cannot be written is no reason to serve the blob.
    await this.#metadata.write((write) => quarantineBlob(write, digest, objectKey, this.#now())).catch(() => {});
    return new RegistryError("BLOB_UNKNOWN", `the blob ${digest} is damaged: push it again`, { cause });
  }
}

function unknown({ repository }: ResolvedRepository, digest: Digest): RegistryError {
  return new RegistryError("BLOB_UNKNOWN", `there is no blob ${digest} in ${repository.path}`);
}
