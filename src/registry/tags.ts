import type { Metadata } from "../storage/metadata/metadata.ts";
import { listTags } from "../storage/metadata/tags.ts";
import { existingRepository, type ResolvedRepository } from "./resolve.ts";

/** One page of names. */
export interface Page {
  readonly names: readonly string[];
  /** Whether there are more after the last. */
  readonly more: boolean;
}

/** A repository's tags in byte order. Throws NAME_UNKNOWN. */
export async function tagPage(
  metadata: Metadata,
  resolved: ResolvedRepository,
  after: string,
  limit: number,
): Promise<Page> {
  const repositoryId = existingRepository(resolved);
  if (limit === 0) return { names: [], more: false };
  const names = await listTags(metadata.read, repositoryId, after, limit + 1);
  return { names: names.slice(0, limit), more: names.length > limit };
}
