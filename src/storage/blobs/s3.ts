import type { BlobStore, CommittedObject, ObjectShelves, ObjectWriter } from "./blob-store.ts";
import { S3Body } from "./s3-body.ts";
import { S3Bucket } from "./s3-bucket.ts";
import { S3Error } from "./s3-error.ts";
import type { S3Connection } from "./s3-request.ts";
import {
  cutTo,
  forgetUnfinished,
  freshObjectName,
  keyOfObject,
  listUnfinished,
  loadUnfinished,
  nothing,
  objectName,
  saveUnfinished,
  sizeOf,
  type Unfinished,
} from "./s3-unfinished.ts";
import { S3Writer } from "./s3-writer.ts";
import { UnfinishedCache } from "./unfinished-cache.ts";

/**
 * Objects in a bucket.
 *
 * ```
 * PREFIX/
 *   objects/3f9a…c2    one object: the bytes of one blob
 *   uploads/81d0…7e    one unfinished object: which parts of which upload in parts there are, and the bytes after them
 * ```
 *
 * An unfinished object becomes one under a key that only whoever commits it knows, or whoever began its upload in parts:
 * a node that was left behind and still writes can spoil neither. Nothing is copied.
 */
export class S3Blobs implements BlobStore, ObjectShelves {
  readonly readsUnfinished = false;
  readonly isShared = true;
  readonly #bucket: S3Bucket;
  readonly #freshName: (key: string) => string;
  readonly #unfinished = new UnfinishedCache();

  /** @param freshName where an unfinished object will lie; a copy of another store may keep its keys */
  constructor(connection: S3Connection, freshName: (key: string) => string = freshObjectName) {
    this.#bucket = new S3Bucket(connection);
    this.#freshName = freshName;
  }

  /** Throws S3Error where the bucket cannot be used. */
  async probe(): Promise<void> {
    await this.#bucket.probe();
  }

  async stat(key: string): Promise<number | undefined> {
    return (await this.#bucket.head(objectName(key)))?.size;
  }

  async read(key: string, start?: number, end?: number): Promise<S3Body> {
    return await S3Body.open(this.#bucket, objectName(key), start, end);
  }

  async link(key: string, expiresInSeconds: number, headers: Readonly<Record<string, string>>): Promise<string> {
    return await this.#bucket.presign(objectName(key), expiresInSeconds, headers);
  }

  async resumeAt(key: string, size: number): Promise<number> {
    if (size === 0) return 0;
    const found = await this.#find(key, size);
    return found ? sizeOf(cutTo(found, size)) : 0;
  }

  async append(key: string, size: number): Promise<ObjectWriter> {
    const found = size === 0 ? undefined : await this.#find(key, size);
    const before = found ? cutTo(found, size) : nothing;
    if (sizeOf(before) !== size) throw new Error(`the unfinished object ${key} cannot be continued at ${size}`);
    return await S3Writer.open(
      {
        bucket: this.#bucket,
        begin: () => this.#bucket.beginParts(this.#freshName(key)),
        keep: (unfinished, isWhole) => this.#keep(key, unfinished, isWhole),
      },
      before,
    );
  }

  async commit(key: string, size: number): Promise<CommittedObject> {
    const found = (size === 0 ? undefined : await this.#find(key, size)) ?? nothing;
    if (sizeOf(found) !== size) throw new Error(`the unfinished object ${key} does not have ${size} bytes`);
    const committed = found.committedAs === undefined ? await this.#complete(key, found) : found;
    this.#unfinished.set(key, committed);
    return {
      key: keyOfObject(committed.committedAs as string),
      isOurs: committed.isOurs,
      settled: async () => {
        this.#unfinished.delete(key);
        // Where this fails the next sweep finds it.
        if (found.isSaved) await forgetUnfinished(this.#bucket, key).catch(() => {});
      },
    };
  }

  async abandon(key: string): Promise<void> {
    const found = this.#unfinished.get(key) ?? (await loadUnfinished(this.#bucket, key));
    if (found?.multipart) await this.#bucket.abortParts(found.multipart);
    if (found?.committedAs !== undefined) await this.#bucket.delete(found.committedAs);
    await forgetUnfinished(this.#bucket, key);
    this.#unfinished.delete(key);
  }

  async delete(key: string): Promise<void> {
    await this.#bucket.delete(objectName(key));
  }

  async *shelves(): AsyncGenerator<readonly string[]> {
    for await (const page of this.#bucket.list(objectName(""))) yield page.map(({ key }) => keyOfObject(key));
  }

  async modifiedAt(key: string): Promise<number | undefined> {
    return (await this.#bucket.head(objectName(key)))?.modifiedAt;
  }

  unfinished(): AsyncGenerator<readonly string[]> {
    return listUnfinished(this.#bucket);
  }

  async sweep(begunBefore: number): Promise<void> {
    for await (const page of this.#bucket.listParts(objectName(""))) {
      for (const multipart of page) if (multipart.begunAt < begunBefore) await this.#bucket.abortParts(multipart);
    }
  }

  /** As it is known here, where that is what was seen; otherwise as the store has it, which another node may have written. */
  async #find(key: string, size: number): Promise<Unfinished | undefined> {
    const known = this.#unfinished.get(key);
    if (known && sizeOf(known) === size) return known;
    const stored = await loadUnfinished(this.#bucket, key);
    if (stored) this.#unfinished.set(key, stored);
    else this.#unfinished.delete(key);
    return stored;
  }

  async #keep(key: string, unfinished: Unfinished, isWhole: boolean): Promise<void> {
    if (!isWhole) await saveUnfinished(this.#bucket, key, unfinished);
    this.#unfinished.set(key, { ...unfinished, isSaved: unfinished.isSaved || !isWhole });
  }

  async #complete(key: string, found: Unfinished): Promise<Unfinished> {
    const { multipart, rest } = found;
    if (!multipart || found.parts.length === 0) {
      const name = this.#freshName(key);
      await this.#bucket.put(name, rest);
      return { ...found, committedAs: name };
    }
    try {
      const last = rest.byteLength > 0 ? [await this.#bucket.putPart(multipart, found.parts.length + 1, rest)] : [];
      await this.#bucket.completeParts(multipart, [...found.parts, ...last]);
    } catch (error) {
      // Its answer was lost, or the node that had it completed was: the object may be there.
      if (!(error instanceof S3Error && error.code === "NoSuchUpload")) throw error;
      if ((await this.#bucket.head(multipart.key))?.size !== sizeOf(found)) throw error;
      return { ...found, committedAs: multipart.key, isOurs: false };
    }
    return { ...found, committedAs: multipart.key };
  }
}
