/**
 * Where the bytes of blobs lie: objects under keys of their own, written once and never changed after their commit.
 * What an object means (its digest, who may read it) is the metadata's business.
 */
export interface BlobStore {
  /** The object's size in bytes, or undefined where there is none. */
  stat(key: string): Promise<number | undefined>;
  /** The object's bytes from `start` (inclusive) to `end` (exclusive), sent without passing through JavaScript where the store can. */
  read(key: string, start?: number, end?: number): Blob;
  /** Opens an object for appending at `size` bytes, cutting off what lies beyond; 0 begins a new one. */
  append(key: string, size: number): Promise<ObjectWriter>;
  /** Resolves when the object's bytes and its name are on disk. */
  commit(key: string): Promise<void>;
  /** Removes the object; one that is not there is no error. */
  delete(key: string): Promise<void>;
}

/** What lies in a store, whether anybody knows of it or not. */
export interface ObjectShelves {
  /** The keys of all objects, some at a time. */
  shelves(): AsyncIterable<readonly string[]>;
  /** When the object was last written, in milliseconds since 1970; undefined where there is none. */
  modifiedAt(key: string): Promise<number | undefined>;
}

/** One object being written. */
export interface ObjectWriter {
  /** Takes the pieces in order; resolves when they can be read from the store. */
  write(pieces: readonly Uint8Array[]): Promise<void>;
  /** Hands over everything taken; after it, `stat` tells the whole size. */
  close(): Promise<void>;
}

/** A key that no object has had before. */
export function newObjectKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
}
