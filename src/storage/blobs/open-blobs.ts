import type { BlobStore, ObjectShelves } from "./blob-store.ts";
import { openFilesystemBlobs } from "./filesystem.ts";
import { isAddress } from "./s3-address.ts";

/** Where blobs are to lie, as an operator says it. */
export interface BlobsSettings {
  /** A folder, or `s3://BUCKET…`; undefined for the installation's own folder. */
  readonly blobs?: string | undefined;
  /** A file with credentials for S3; undefined for those of the environment. */
  readonly "blobs-credentials"?: string | undefined;
}

/** Opens the store that a setting names. Throws S3AddressError, S3CredentialsError and S3Error; S3's parts are loaded only for it. */
export async function openBlobs(
  { blobs, "blobs-credentials": credentialsFile }: BlobsSettings,
  ownFolder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<BlobStore & ObjectShelves> {
  if (blobs === undefined || !isAddress(blobs)) return await openFilesystemBlobs(blobs ?? ownFolder);
  const { openS3Blobs } = await import("./open-s3.ts");
  return await openS3Blobs(blobs, credentialsFile, env);
}
