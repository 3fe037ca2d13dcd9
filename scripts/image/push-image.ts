import { BlobUpload, hasBlob } from "../../src/client/registry/blob-upload.ts";
import type { RegistryClient } from "../../src/client/registry/registry-client.ts";
import { putManifest } from "../../src/client/registry/remote-manifest.ts";
import type { OciImage } from "./oci-image.ts";

const isDocument = /^\{"schemaVersion":2,"mediaType":"([^"]+)"/;

/** Pushes an image with all its platforms: what the registry has is not sent again, and the tag is set last. */
export async function pushImage(
  client: RegistryClient,
  repository: string,
  tag: string,
  { top, blobs }: OciImage,
): Promise<void> {
  const manifests: { digest: string; mediaType: string; bytes: Uint8Array }[] = [];
  for (const [digest, bytes] of blobs) {
    const mediaType = isDocument.exec(Buffer.from(bytes.subarray(0, 200)).toString())?.[1];
    if (mediaType !== undefined) manifests.push({ digest, mediaType, bytes });
    else if (!(await hasBlob(client, repository, digest))) await pushBlob(client, repository, digest, bytes);
  }
  // What an index names must be there before it.
  for (const manifest of manifests.filter(({ digest }) => digest !== top.digest))
    await putManifest(client, repository, manifest.digest, manifest);
  const last = manifests.find(({ digest }) => digest === top.digest);
  if (!last) throw new Error("the image lacks its own manifest");
  await putManifest(client, repository, tag, last);
}

async function pushBlob(client: RegistryClient, repository: string, digest: string, bytes: Uint8Array): Promise<void> {
  const upload = await BlobUpload.open(client, repository);
  await upload.send(0, bytes.byteLength, () => new Blob([bytes as Uint8Array<ArrayBuffer>]).stream());
  await upload.finish(digest);
}
