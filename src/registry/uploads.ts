import { type BlobStore, newObjectKey } from "../storage/blobs/blob-store.ts";
import { commitBlob } from "../storage/metadata/blobs.ts";
import { findBlob } from "../storage/metadata/garbage.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { removeObjectLater } from "../storage/metadata/removed-objects.ts";
import { ensureRepository } from "../storage/metadata/repositories.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import { quarantineBlob } from "../storage/metadata/scrub.ts";
import {
  advanceUpload,
  deleteUpload,
  findUpload,
  insertUpload,
  listExpiredUploads,
  type UploadRow,
} from "../storage/metadata/uploads.ts";
import { algorithmOf, type Digest, type DigestAlgorithm } from "./digest.ts";
import { Inflow } from "./inflow.ts";
import { RegistryError } from "./registry-error.ts";
import { existingProject, type ResolvedRepository } from "./resolve.ts";
import { requireWritable, roomForUpload, withinLimits } from "./rules/limits.ts";
import { digestOfStream, RunningHashes } from "./running-hashes.ts";
import type { UploadChunk } from "./upload-chunk.ts";
import { UploadTurns } from "./upload-turns.ts";

/** An upload while a request writes it. */
type HeldUpload = UploadRow & { readonly turn: string };

/** An upload that nobody continued for so long is given up. */
const idleMillisecondsMax = 24 * 60 * 60 * 1000;
const expiredPerSweep = 100;

/**
 * Blobs on their way in. The bytes go straight into the object that will hold the blob; the row says how many are
 * there, so that any node can go on. Requests for one upload wait for each other.
 */
export class Uploads {
  readonly #metadata: Metadata;
  readonly #store: BlobStore;
  readonly #now: () => number;
  readonly #hashes = new RunningHashes();
  readonly #turns: UploadTurns;

  constructor(metadata: Metadata, store: BlobStore, now: () => number) {
    this.#metadata = metadata;
    this.#store = store;
    this.#now = now;
    this.#turns = new UploadTurns(metadata, store, now);
  }

  /** Opens an upload that only this principal may continue. Throws NAME_UNKNOWN. */
  async begin(
    resolved: ResolvedRepository,
    principal: string,
    algorithm: DigestAlgorithm = "sha256",
  ): Promise<UploadRow> {
    const now = this.#now();
    await requireWritable(this.#metadata.read, existingProject(resolved));
    const upload: UploadRow = {
      id: newObjectKey(),
      location: resolved.repository.location,
      projectId: existingProject(resolved),
      repositoryName: resolved.repository.image,
      principal,
      objectKey: newObjectKey(),
      size: 0,
      createdAt: now,
      expiresAt: now + idleMillisecondsMax,
    };
    // Until 201 nothing is promised: after a power cut the client begins anew.
    await this.#metadata.note((write) => insertUpload(write, upload));
    this.#hashes.begin(upload.id, algorithm);
    return upload;
  }

  /** An upload of this repository and this principal. Throws BLOB_UPLOAD_UNKNOWN (CVE-2026-32589). */
  async find(resolved: ResolvedRepository, id: string, principal: string): Promise<UploadRow> {
    const upload = await findUpload(this.#metadata.read, id);
    const { location, image } = resolved.repository;
    const bound =
      upload !== undefined &&
      upload.location === location &&
      upload.projectId === resolved.projectId &&
      upload.repositoryName === image &&
      upload.principal === principal &&
      upload.expiresAt > this.#now();
    if (!bound) throw unknown();
    return await this.#asStored(upload);
  }

  /** Adds bytes and answers how many there are now. Throws RANGE_INVALID, SIZE_INVALID, BLOB_UPLOAD_UNKNOWN, DENIED. */
  append(id: string, chunk: UploadChunk): Promise<number> {
    return this.#turns.hold(id, async (turn) => {
      const upload = { ...(await this.#current(id)), turn };
      return await this.#orGiveUp(id, () => this.#receive(upload, chunk));
    });
  }

  /**
   * Adds the last bytes, checks the digest, and makes the blob: when this resolves, bytes and rows are on disk.
   * A wrong digest ends the upload. Throws DIGEST_INVALID and what `append` throws.
   */
  finish(id: string, chunk: UploadChunk, digest: Digest): Promise<void> {
    return this.#turns.hold(id, async (turn) => {
      const upload = { ...(await this.#current(id)), turn };
      const size = await this.#orGiveUp(id, () => this.#receive(upload, chunk, digest));
      const seen = await this.#hashes.finish(upload.id, size, algorithmOf(digest));
      if (seen !== undefined && seen !== digest) throw await this.#mismatch(id, size, seen, digest);
      const object = await this.#store.commit(upload.objectKey, size);
      if (seen === undefined || !object.isOurs) {
        const stored = await this.#digestOf(object.key, size, digest);
        if (stored !== digest) {
          await this.#store.delete(object.key);
          throw await this.#mismatch(id, size, stored, digest);
        }
      }
      await this.#orGiveUp(id, () => this.#commit(upload, digest, { key: object.key, size }));
      await object.settled();
    });
  }

  /**
   * Takes a whole blob in one request. Nobody learns of the upload, so whatever goes wrong gives it up.
   * Throws what `begin` and `finish` throw.
   */
  async takeWhole(resolved: ResolvedRepository, principal: string, chunk: UploadChunk, digest: Digest): Promise<void> {
    const { id } = await this.begin(resolved, principal, algorithmOf(digest));
    try {
      await this.finish(id, chunk, digest);
    } catch (error) {
      if (await findUpload(this.#metadata.read, id)) await this.cancel(id);
      throw error;
    }
  }

  /** Gives up an upload and its bytes; on a full disk the bytes at least. */
  async cancel(id: string): Promise<void> {
    const upload = await findUpload(this.#metadata.read, id);
    if (!upload) throw unknown();
    this.#hashes.forget(id);
    await this.#store.abandon(upload.objectKey);
    const { objectKey: key, size } = upload;
    const ended = await this.#metadata.write(async (write) => {
      if (!(await deleteUpload(write, id))) return false;
      await removeObjectLater(write, { key, size }, this.#now());
      return true;
    });
    if (!ended) throw unknown();
  }

  /** Gives up what nobody continued in time; answers how many uploads that were. */
  async cancelExpired(): Promise<number> {
    for (let ended = 0; ; ) {
      const expired = await listExpiredUploads(this.#metadata.read, this.#now(), expiredPerSweep);
      const cancelled = await Promise.all(
        expired.map(({ id }) => this.#turns.queued(id, () => this.#cancelIfExpired(id))),
      );
      ended += cancelled.filter(Boolean).length;
      if (expired.length < expiredPerSweep || !cancelled.includes(true)) return ended;
    }
  }

  /** A wrong digest ends the upload. */
  async #mismatch(id: string, size: number, actual: Digest, digest: Digest): Promise<RegistryError> {
    await this.cancel(id);
    const message = `the ${size} bytes received have the digest ${actual}, not ${digest}`;
    return new RegistryError("DIGEST_INVALID", message);
  }

  /** What an object holds that this node did not see whole. */
  async #digestOf(key: string, size: number, digest: Digest): Promise<Digest> {
    const bytes = await this.#store.read(key, 0, size);
    return await digestOfStream(bytes.stream(), algorithmOf(digest));
  }

  /** Somebody may have continued or ended it while this waited for its turn. */
  async #cancelIfExpired(id: string): Promise<boolean> {
    const upload = await findUpload(this.#metadata.read, id);
    if (!upload || upload.expiresAt > this.#now()) return false;
    await this.cancel(id);
    return true;
  }

  async #current(id: string): Promise<UploadRow> {
    const upload = await findUpload(this.#metadata.read, id);
    if (!upload) throw unknown();
    return await this.#asStored(upload);
  }

  /**
   * Bytes of an unfinished upload are not synced, so a power cut may leave fewer than the row says: the client is told
   * how many there are, and goes on from there.
   */
  async #asStored(upload: UploadRow): Promise<UploadRow> {
    const stored = await this.#store.resumeAt(upload.objectKey, upload.size);
    if (stored >= upload.size) return upload;
    await this.#metadata.write((write) => advanceUpload(write, upload.id, upload.size, stored, upload.expiresAt));
    this.#hashes.forget(upload.id);
    return { ...upload, size: stored };
  }

  /** Stores what comes and records it, also when the connection breaks: the client may ask how far it got. */
  async #receive(
    upload: HeldUpload,
    { body, start, length, onWritten }: UploadChunk,
    digest?: Digest,
  ): Promise<number> {
    if (start !== undefined && start !== upload.size) {
      throw new RegistryError("RANGE_INVALID", `the upload has ${upload.size} bytes: continue there, not at ${start}`);
    }
    if (length === 0 && upload.size > 0) return upload.size;
    const room = await roomForUpload(this.#metadata.read, upload.projectId, digest);
    room.require(upload.size + (length ?? 0));
    const writer = await this.#store.append(upload.objectKey, upload.size);
    let hashed = upload.size;
    const hash = async (pieces: readonly Uint8Array[]) => {
      const before = hashed;
      for (const { byteLength } of pieces) hashed += byteLength;
      await this.#hashes.update(upload.id, before, pieces);
    };
    const inflow = new Inflow(writer, hash, onWritten);
    let size = upload.size;
    let isLast = false;
    try {
      for await (const bytes of body) {
        size += bytes.byteLength;
        room.require(size);
        await inflow.take(bytes);
      }
      isLast = digest !== undefined && (length === undefined || size - upload.size === length);
    } finally {
      await inflow.settled();
      const isWhole = isLast && size === upload.size + inflow.written;
      size = upload.size + inflow.written;
      await writer.close(isWhole);
      if (size > upload.size) await this.#advance(upload, size);
    }
    inflow.requireWhole();
    if (length !== undefined && size - upload.size !== length) {
      throw new RegistryError("SIZE_INVALID", `${size - upload.size} of ${length} bytes arrived: send the rest`);
    }
    return size;
  }

  /** What the project has no room for is not kept until it expires. */
  async #orGiveUp<T>(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof RegistryError && error.code === "DENIED") await this.cancel(id);
      throw error;
    }
  }

  async #advance(upload: HeldUpload, size: number): Promise<void> {
    const expiresAt = this.#now() + idleMillisecondsMax;
    const advanced = await this.#metadata.note((write) =>
      advanceUpload(write, upload.id, upload.size, size, expiresAt, upload.turn),
    );
    if (advanced) return;
    // Another node went on without these bytes: what was hashed here is not what is there.
    this.#hashes.forget(upload.id);
    throw unknown();
  }

  async #commit(upload: HeldUpload, digest: Digest, { key: objectKey, size }: { key: string; size: number }) {
    const { id, location, projectId, repositoryName: name } = upload;
    await this.#checkStored(digest);
    const commit = async (write: Writer) => {
      if (!(await deleteUpload(write, id, upload.turn))) throw unknown();
      const now = this.#now();
      const repositoryId = await ensureRepository(write, { location, projectId, name }, now);
      return await commitBlob(write, repositoryId, { digest, objectKey, size }, now);
    };
    const unneeded = await this.#metadata.write((write) => withinLimits(write, projectId, () => commit(write)));
    if (unneeded !== undefined) await this.#store.delete(unneeded);
  }

  /** A stored blob whose object is damaged at first sight makes room for the one that was just pushed. */
  async #checkStored(digest: Digest): Promise<void> {
    const old = await findBlob(this.#metadata.read, digest);
    if (!old || old.quarantinedAt !== null || (await this.#store.stat(old.objectKey)) === old.size) return;
    await this.#metadata.write((write) => quarantineBlob(write, digest, old.objectKey, this.#now()));
  }
}

function unknown(): RegistryError {
  return new RegistryError("BLOB_UPLOAD_UNKNOWN", "there is no such upload here: begin a new one");
}
