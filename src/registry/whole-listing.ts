import { countManifests, type ImageRow, listImages, listTagTargets } from "../storage/metadata/listings.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { existingRepository, type ResolvedRepository } from "./resolve.ts";
import type { Page } from "./tags.ts";

/** An image with the tags that point at it. */
export interface TaggedImage extends ImageRow {
  readonly tags: readonly string[];
}

/** A first page of tags, and every image of the repository where one page holds them all. */
export interface WholeListing extends Page {
  readonly images: readonly TaggedImage[] | undefined;
}

/** Images read in one go. */
const windowSize = 1000;

/**
 * The first page of a repository's tags, with all its images where neither these nor the tags are more than `limit`
 * (docs/decisions/0006). Throws NAME_UNKNOWN.
 */
export async function wholeListing(
  metadata: Metadata,
  resolved: ResolvedRepository,
  limit: number,
): Promise<WholeListing> {
  const repositoryId = existingRepository(resolved);
  const targets = await listTagTargets(metadata.read, repositoryId, limit + 1);
  const more = targets.length > limit;
  const names = targets.slice(0, limit).map(({ name }) => name);
  if (more || (await countManifests(metadata.read, repositoryId, limit + 1)) > limit)
    return { names, more, images: undefined };
  const tags = Map.groupBy(targets, ({ digest }) => digest);
  const images: TaggedImage[] = [];
  for await (const image of allImages(metadata, repositoryId, limit))
    images.push({ ...image, tags: (tags.get(image.digest) ?? []).map(({ name }) => name) });
  return { names, more, images };
}

/** In windows, between which others get their turn. */
async function* allImages({ read }: Metadata, repositoryId: string, limit: number): AsyncGenerator<ImageRow> {
  let after = "";
  for (let seen = 0; seen < limit; seen += windowSize) {
    const rows = await listImages(read, repositoryId, after, Math.min(windowSize, limit - seen));
    yield* rows;
    if (rows.length < windowSize) return;
    after = rows.at(-1)?.digest ?? "";
    await new Promise(setImmediate);
  }
}
