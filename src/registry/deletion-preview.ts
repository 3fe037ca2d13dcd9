import type { Metadata } from "../storage/metadata/metadata.ts";
import { listFirstTags, listReferenceUses, manifestKey } from "../storage/metadata/repository-listings.ts";
import { listDependants, listHolders } from "../storage/metadata/versions.ts";
import type { Digest } from "./digest.ts";

/** What goes with a manifest that is deleted. */
export interface DeletionPreview {
  /** Its first tags, all of which go with it. */
  readonly tags: readonly string[];
  /** Manifests that nothing would need any more: children of an index, signatures and the like. They have no tags. */
  readonly alongside: readonly Digest[];
  /** Indexes that have it as a part: they would be broken. */
  readonly holders: readonly string[];
  /** Bytes of blobs that no other manifest of the repository has; garbage collection removes them after a while. */
  readonly bytes: number;
}

/** Deeper trees are cut off here; what is left over shows up when the rest is deleted. */
const alongsideMax = 200;
const holdersMax = 20;
/** One more than is worth showing. */
const tagsMax = 51;

/** Looks at what deleting a manifest would take with it, and changes nothing. */
export async function previewDeletion(
  { read }: Pick<Metadata, "read">,
  repositoryId: string,
  digest: Digest,
): Promise<DeletionPreview> {
  const tagsOf = async (of: string, limit: number) =>
    (await listFirstTags(read, [{ repositoryId, digest: of }], limit)).get(manifestKey(repositoryId, of)) ?? [];
  const tags = await tagsOf(digest, tagsMax);
  const holders = await listHolders(read, repositoryId, [digest], holdersMax);
  const doomed: Digest[] = [digest];
  let bytes = 0;
  for (let next = 0; next < doomed.length; next++) {
    const current = doomed[next] as Digest;
    const parts = await listReferenceUses(read, repositoryId, current);
    for (const { kind, size, isShared } of parts) if (kind !== "child" && !isShared) bytes += size;
    for (const dependant of (await listDependants(read, repositoryId, current)) as Digest[]) {
      if (doomed.length > alongsideMax || doomed.includes(dependant)) continue;
      if ((await tagsOf(dependant, 1)).length > 0) continue;
      const needing = await listHolders(read, repositoryId, [dependant], alongsideMax + 2);
      if (needing.every((each) => doomed.includes(each as Digest))) doomed.push(dependant);
    }
  }
  return { tags, alongside: doomed.slice(1), holders, bytes };
}
