import type { BlobStore } from "../storage/blobs/blob-store.ts";
import { storageTroubleOf } from "../storage/storage-trouble.ts";
import { algorithmOf, type Digest } from "./digest.ts";

/** What a blob's object must be. */
export interface ExpectedObject {
  readonly digest: string;
  readonly objectKey: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Reads an object and compares it with its digest. Answers what is wrong with it, or undefined.
 *
 * @param onBytes told how many bytes were read each time; the next are read once it resolves
 */
export async function examineObject(
  store: Pick<BlobStore, "stat" | "read">,
  { digest, objectKey, size }: ExpectedObject,
  onBytes: (count: number) => Promise<void> | void = () => {},
): Promise<string | undefined> {
  const stored = await store.stat(objectKey);
  if (stored === undefined) return "its object is missing";
  if (stored !== size) return `its object has ${stored} bytes instead of ${size}`;
  try {
    const actual = await hashObject(store, digest, objectKey, size, onBytes);
    return actual === digest ? undefined : `its bytes have the digest ${actual}`;
  } catch (error) {
    // A store that cannot be reached says nothing about the blob.
    if (storageTroubleOf(error) === "away") throw error;
    return `its object cannot be read: ${(error as Error).message}`;
  }
}

async function hashObject(
  store: Pick<BlobStore, "read">,
  digest: string,
  objectKey: string,
  size: number,
  onBytes: (count: number) => Promise<void> | void,
): Promise<string> {
  const algorithm = algorithmOf(digest as Digest);
  const hasher = new Bun.CryptoHasher(algorithm);
  if (size > 0) {
    for await (const bytes of (await store.read(objectKey)).stream()) {
      hasher.update(bytes);
      await onBytes(bytes.byteLength);
    }
  }
  return `${algorithm}:${hasher.digest("hex")}`;
}
