import type { TaggedImage } from "../../registry/whole-listing.ts";

/** What Google's registries tell of an image in a tag listing. Every number is written as a text. */
export interface GoogleImage {
  readonly imageSizeBytes: string;
  /** The name of schema 1, which nobody stores any more. */
  readonly layerId: "";
  readonly mediaType: string;
  readonly tag: readonly string[];
  readonly timeCreatedMs: string;
  readonly timeUploadedMs: string;
}

/** The images of a listing by their digests. One that does not say when it was made counts from its push. */
export function manifestsOf(images: readonly TaggedImage[]): Record<string, GoogleImage> {
  return Object.fromEntries(
    images.map(({ digest, mediaType, imageSize, tags, uploadedAt, imageCreatedAt }) => [
      digest,
      {
        imageSizeBytes: String(imageSize),
        layerId: "",
        mediaType,
        tag: tags,
        timeCreatedMs: String(imageCreatedAt ?? uploadedAt),
        timeUploadedMs: String(uploadedAt),
      },
    ]),
  );
}
