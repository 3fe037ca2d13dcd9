import { countDeletedProject } from "../storage/metadata/deleted-projects.ts";
import {
  countBlobLinks,
  findBlob,
  findBlobUse,
  isManifestNeeded,
  isRepositoryEmpty,
} from "../storage/metadata/garbage.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { countRemovedObjects } from "../storage/metadata/removed-objects.ts";
import { listDueReviews, type Review } from "../storage/metadata/reviews.ts";
import type { ReviewKind } from "../storage/metadata/schema.ts";
import type { Garbage } from "./garbage.ts";
import type { GarbageReport } from "./garbage-report.ts";

const reviewsPerPage = 200;

/** What `garbage.collect()` would do now, without doing it. */
export async function previewGarbage(metadata: Metadata, garbage: Garbage, now: number): Promise<GarbageReport> {
  const { read } = metadata;
  const due = (kind: ReviewKind) => dueReviews(metadata, kind, now - garbage.waitMilliseconds);
  let [manifests, hidden, repositories, linksOfProjects] = [0, 0, 0, 0];
  for await (const { repositoryId: projectId } of due("project")) {
    const content = await countDeletedProject(read, projectId);
    manifests += content.manifests;
    repositories += content.repositories;
    linksOfProjects += content.links;
  }
  for await (const { repositoryId, digest } of due("manifest")) {
    const goes =
      !(await isManifestNeeded(read, repositoryId, digest)) && (await garbage.letsGo?.(read, repositoryId, digest));
    if (goes) manifests++;
  }
  /** How many repositories would lose each blob. */
  const losses = new Map<string, number>();
  for await (const { repositoryId, digest } of due("blob")) {
    const use = await findBlobUse(read, repositoryId, digest);
    if (use?.isReferenced) continue;
    if (use?.hiddenAt === null) hidden++;
    else losses.set(digest, (losses.get(digest) ?? 0) + (use ? 1 : 0));
  }
  for await (const { repositoryId } of due("repository")) {
    if (await isRepositoryEmpty(read, repositoryId)) repositories++;
  }
  const { objects, bytes: removedBytes } = await countRemovedObjects(read);
  const lost = await countLosses(metadata, losses);
  return { manifests, hidden, repositories, objects, removedBytes, ...lost, links: lost.links + linksOfProjects };
}

/** A blob goes where every repository that has it loses it. */
async function countLosses({ read }: Metadata, losses: ReadonlyMap<string, number>) {
  let [links, blobs, bytes] = [0, 0, 0];
  for (const [digest, lost] of losses) {
    links += lost;
    const blob = await findBlob(read, digest);
    if (!blob || (await countBlobLinks(read, digest, lost + 1)) > lost) continue;
    blobs++;
    bytes += blob.size;
  }
  return { links, blobs, bytes };
}

async function* dueReviews({ read }: Metadata, kind: ReviewKind, changedBefore: number): AsyncGenerator<Review> {
  let after: Review | undefined;
  for (;;) {
    const page = await listDueReviews(read, kind, changedBefore, after, reviewsPerPage);
    yield* page;
    after = page.at(-1);
    if (page.length < reviewsPerPage) return;
  }
}
