import { deleteManifest } from "../storage/metadata/manifests.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import { deleteTag, deleteTagsOf, type TagChange } from "../storage/metadata/tags.ts";
import type { Reference } from "./reference.ts";
import { type RepositoryIds, requireMutableContent, requireMutableTag } from "./rules/immutable-tags.ts";

/**
 * Removes a tag, or a manifest with all its tags; false where there is none. Whoever deletes does it here, a person or a
 * rule. Throws DENIED where an immutable tag stands against it.
 */
export async function deleteReference(
  write: Writer,
  ids: RepositoryIds,
  reference: Reference,
  change: TagChange,
): Promise<boolean> {
  const { repositoryId } = ids;
  if (reference.kind === "tag") {
    const found = await deleteTag(write, repositoryId, reference.tag, change);
    if (found) await requireMutableTag(write, ids, reference.tag);
    return found;
  }
  await requireMutableContent(write, ids, reference.digest);
  await deleteTagsOf(write, repositoryId, reference.digest, change);
  return await deleteManifest(write, repositoryId, reference.digest, change.at);
}
