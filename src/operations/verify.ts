import { algorithmOf, type Digest, digestOf } from "../registry/digest.ts";
import { examineObject } from "../registry/examine.ts";
import { repositoryPath } from "../registry/repository.ts";
import type { Damage } from "../registry/scrub.ts";
import type { BlobStore } from "../storage/blobs/blob-store.ts";
import type { Reader } from "../storage/metadata/schema.ts";
import { countBlobs, findRepositoryNames, listBlobs, listManifestBodies } from "../storage/metadata/scrub.ts";

/** How far a long work is. */
export type OnProgress = (done: number, total: number) => void;

export interface VerifyReport {
  readonly blobs: number;
  readonly bytes: number;
  readonly manifests: number;
  readonly damaged: readonly Damage[];
}

/** What is asked of the installation that is verified. */
export interface Verified {
  readonly read: Reader;
  readonly store: Pick<BlobStore, "stat" | "read">;
  /** Refuses a blob from now on; undefined where it is gone or was replaced meanwhile. */
  quarantine(digest: string, objectKey: string, reason: string): Promise<Damage | undefined>;
}

const blobsPerPage = 500;
const manifestsPerPage = 20;

/** Reads every blob and every manifest, compares them with their digests, and quarantines blobs that are damaged. */
export async function verify(place: Verified, onProgress: OnProgress): Promise<VerifyReport> {
  const blobs = await verifyBlobs(place, onProgress);
  const manifests = await verifyManifests(place.read);
  return { ...blobs, manifests: manifests.count, damaged: [...blobs.damaged, ...manifests.damaged] };
}

async function verifyBlobs({ read, store, quarantine }: Verified, onProgress: OnProgress) {
  const { bytes: total } = await countBlobs(read);
  const damaged: Damage[] = [];
  let [blobs, bytes, after] = [0, 0, ""];
  for (;;) {
    const page = await listBlobs(read, after, blobsPerPage);
    for (const blob of page) {
      const before = bytes;
      const reason = await examineObject(store, blob, (count) => {
        bytes += count;
        onProgress(Math.min(bytes, total), total);
      });
      bytes = before + blob.size;
      blobs++;
      if (reason !== undefined) damaged.push(...(await reportDamage(blob, reason, quarantine)));
    }
    after = page.at(-1)?.digest ?? after;
    if (page.length < blobsPerPage) return { blobs, bytes, damaged };
  }
}

/** One that was quarantined before is still damaged; one that is gone by now is not. */
async function reportDamage(
  { digest, objectKey, quarantinedAt }: { digest: string; objectKey: string; quarantinedAt: number | null },
  reason: string,
  quarantine: Verified["quarantine"],
): Promise<Damage[]> {
  const found = await quarantine(digest, objectKey, reason);
  if (found) return [found];
  return quarantinedAt === null ? [] : [{ digest, reason, repositories: [] }];
}

async function verifyManifests(read: Reader) {
  const damaged: Damage[] = [];
  let count = 0;
  for (let after = { repositoryId: "", digest: "" }; ; ) {
    const page = await listManifestBodies(read, after, manifestsPerPage);
    for (const { repositoryId, digest, body } of page) {
      count++;
      const actual = digestOf(body, algorithmOf(digest as Digest));
      if (actual === digest) continue;
      const names = await findRepositoryNames(read, repositoryId);
      const repositories = names ? [`${names.location}/${repositoryPath(names.project, names.image)}`] : [];
      damaged.push({ digest, reason: `the manifest's bytes have the digest ${actual}`, repositories });
    }
    after = page.at(-1) ?? after;
    if (page.length < manifestsPerPage) return { count, damaged };
  }
}
