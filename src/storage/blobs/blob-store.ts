/**
 * Where the bytes of blobs lie: objects under keys of their own, written once and never changed after their commit.
 * What an object means (its digest, who may read it) is the metadata's business.
 *
 * An object begins as an unfinished one, which has a key, too: any node can go on with it under that key.
 */
export interface BlobStore {
  /** A committed object's size in bytes, or undefined where there is none. */
  stat(key: string): Promise<number | undefined>;
  /**
   * A committed object's bytes from `start` (inclusive) to `end` (exclusive). Where the system can send them by itself they
   * are a `Blob`, and do not pass through JavaScript.
   */
  read(key: string, start?: number, end?: number): Promise<ObjectBytes>;
  /** The same at once, where the store need not wait for it. */
  readonly atOnce?: { size(key: string): number | undefined; read(key: string): Blob };
  /** Where `append` can go on with an unfinished object of which somebody has seen `size` bytes: there, or earlier. */
  resumeAt(key: string, size: number): Promise<number>;
  /** Opens an unfinished object for appending at a size that `resumeAt` answered, cutting off what lies beyond; 0 begins one. */
  append(key: string, size: number): Promise<ObjectWriter>;
  /** Makes an object of an unfinished one of `size` bytes; resolves when its bytes and its name will survive a power cut. */
  commit(key: string, size: number): Promise<CommittedObject>;
  /** Gives up an unfinished object and its bytes; one that is not there is no error. */
  abandon(key: string): Promise<void>;
  /** Removes an object; one that is not there is no error. */
  delete(key: string): Promise<void>;
  /**
   * Where anybody can get a committed object for so long, without credentials; absent where a store has no such way.
   *
   * @param headers what the answer there is to have
   */
  link?(key: string, expiresInSeconds: number, headers: Readonly<Record<string, string>>): Promise<string>;
  /** Whether `read` gives what an unfinished object has so far, under the same key. */
  readonly readsUnfinished: boolean;
}

/** Bytes on their way out of a store, to be taken once. */
export interface ObjectBytes {
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

export interface CommittedObject {
  /** The object's key from now on. */
  readonly key: string;
  /** Whether every byte of it was written by this process, so that a hash of what was written is one of what is there. */
  readonly isOurs: boolean;
  /** To be called when the object's row is there: nothing of the unfinished one is needed any more. */
  settled(): Promise<void>;
}

/** What lies in a store, whether anybody knows of it or not. */
export interface ObjectShelves {
  /** The keys of all objects, some at a time. */
  shelves(): AsyncIterable<readonly string[]>;
  /** When the object was last written, in milliseconds since 1970; undefined where there is none. */
  modifiedAt(key: string): Promise<number | undefined>;
  /** Keys of unfinished objects that lie elsewhere than objects do, some at a time. */
  unfinished(): AsyncIterable<readonly string[]>;
  /** Gives up what nobody can go on with any more, and was begun before a time in milliseconds since 1970. */
  sweep(begunBefore: number): Promise<void>;
  /** Other nodes write here, too: what has no row yet may be about to get one. */
  readonly isShared: boolean;
}

/** One object being written. */
export interface ObjectWriter {
  /** Takes the pieces in order, and leaves their memory alone; resolves when more may come. */
  write(pieces: readonly Uint8Array[]): Promise<void>;
  /**
   * Hands over everything taken; after it, `append` can go on there on any node.
   *
   * @param isWhole a commit follows at once: what only makes going on possible can be left out
   */
  close(isWhole?: boolean): Promise<void>;
}

/** A key that no object has had before. */
export function newObjectKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
}

export function isObjectKey(name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name);
}

/** What an answer is made of: a file goes out by itself, anything else as it comes. */
export function bodyOf(bytes: ObjectBytes): Blob | ReadableStream<Uint8Array<ArrayBuffer>> {
  return bytes instanceof Blob ? bytes : bytes.stream();
}
