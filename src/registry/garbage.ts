import type { BlobStore } from "../storage/blobs/blob-store.ts";
import { unlinkBlob } from "../storage/metadata/blobs.ts";
import { takeFromDeletedProject } from "../storage/metadata/deleted-projects.ts";
import {
  deleteEmptyRepository,
  deleteUnlinkedBlob,
  findBlobUse,
  hideBlobLink,
  isManifestNeeded,
} from "../storage/metadata/garbage.ts";
import { raisePolicyVersion } from "../storage/metadata/installation.ts";
import { deleteManifest } from "../storage/metadata/manifests.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { forgetRemovedObjects, leaseRemovedObjects } from "../storage/metadata/removed-objects.ts";
import {
  enqueueReviews,
  finishReview,
  giveBackReview,
  isUnchanged,
  leaseReviews,
  type Review,
} from "../storage/metadata/reviews.ts";
import type { Reader, ReviewKind, Writer } from "../storage/metadata/schema.ts";
import { addReports, type GarbageReport, nothingCollected } from "./garbage-report.ts";

export interface GarbageSettings {
  /** How long what nothing needs is kept, in case somebody is about to need it. */
  readonly graceMilliseconds: number;
  /** Whether a manifest that nothing needs may go; without a rule they all stay. */
  readonly letsGo?: (read: Reader, repositoryId: string, digest: string) => Promise<boolean>;
}

export const graceMillisecondsDefault = 24 * 60 * 60 * 1000;
/** Whoever looked a blob up just before its row went opens the file after that. */
const lateReaderMilliseconds = 60_000;
/** A page is one transaction, which others wait for: some milliseconds. */
const reviewsPerPage = 50;
const leaseMilliseconds = 5 * 60_000;

/**
 * Removes what nothing needs any more, while pushes go on.
 *
 * Whatever may make garbage of something enqueues a review of it in its own transaction, so a collection looks at what
 * changed and at nothing else. A blob that no manifest of its repository names goes in two steps, each half the grace
 * period after the last change:
 *
 * 1. It is hidden: HEAD, GET and mount no longer find it, so nobody begins to count on it. A manifest that names it is
 *    still taken, and shows it again: whoever saw it before has the other half to finish the push.
 * 2. It is taken from the repository. The last repository takes the blob's row and its object's row along, and only then
 *    the bytes go, by the object's own key: a new push of the same digest has another object.
 *
 * What a deleted project had is taken half the grace period after that; its blobs then go as any others.
 *
 * Each step asks once more, in the transaction that acts; a push that comes between wins.
 */
export class Garbage {
  readonly #metadata: Metadata;
  readonly #store: Pick<BlobStore, "delete">;
  readonly #settings: GarbageSettings;
  readonly #now: () => number;
  #running: Promise<unknown> = Promise.resolve();
  #bytesHeldUntil = 0;

  constructor(metadata: Metadata, store: Pick<BlobStore, "delete">, settings: GarbageSettings, now: () => number) {
    this.#metadata = metadata;
    this.#store = store;
    this.#settings = settings;
    this.#now = now;
  }

  /** How long after its last change something is reviewed. */
  get waitMilliseconds(): number {
    return this.#settings.graceMilliseconds / 2;
  }

  get letsGo(): GarbageSettings["letsGo"] {
    return this.#settings.letsGo;
  }

  /** Does all that is due; one collection at a time on this node. */
  collect(): Promise<GarbageReport> {
    const collected = this.#running.catch(() => {}).then(() => this.#collect());
    this.#running = collected;
    return collected;
  }

  /** Keeps the bytes of whatever is collected for so long, for a backup that still copies them. */
  holdBytes(milliseconds: number): void {
    this.#bytesHeldUntil = this.#now() + milliseconds;
  }

  async #collect(): Promise<GarbageReport> {
    return addReports(
      await this.#reviewAll("project", (write, review) => this.#reviewProject(write, review)),
      await this.#reviewAll("manifest", (write, review) => this.#reviewManifest(write, review)),
      await this.#reviewAll("blob", (write, review) => this.#reviewBlob(write, review)),
      await this.#reviewAll("repository", (write, review) => this.#reviewRepository(write, review)),
      await this.#removeObjects(),
    );
  }

  async #reviewAll(
    kind: ReviewKind,
    act: (write: Writer, review: Review) => Promise<Partial<GarbageReport>>,
  ): Promise<GarbageReport> {
    let report = nothingCollected;
    for (;;) {
      const now = this.#now();
      const lease = { now, until: now + leaseMilliseconds };
      const reviews = await this.#metadata.write((write) =>
        leaseReviews(write, kind, now - this.waitMilliseconds, lease, reviewsPerPage),
      );
      if (reviews.length === 0) return report;
      const page = await this.#metadata.write(async (write) => {
        let done = nothingCollected;
        for (const review of reviews) {
          if (await isUnchanged(write, review)) done = addReports(done, await act(write, review));
        }
        return done;
      });
      report = addReports(report, page);
    }
  }

  async #reviewProject(write: Writer, review: Review): Promise<Partial<GarbageReport>> {
    const taken = await takeFromDeletedProject(write, review.repositoryId, reviewsPerPage, this.#now());
    if (!taken) {
      await finishReview(write, review);
      return {};
    }
    await giveBackReview(write, review);
    if (taken.repositories > 0) await raisePolicyVersion(write);
    return taken;
  }

  async #reviewManifest(write: Writer, review: Review): Promise<Partial<GarbageReport>> {
    const { repositoryId, digest } = review;
    await finishReview(write, review);
    if (await isManifestNeeded(write, repositoryId, digest)) return {};
    if (!(await this.#settings.letsGo?.(write, repositoryId, digest))) return {};
    return (await deleteManifest(write, repositoryId, digest, this.#now())) ? { manifests: 1 } : {};
  }

  async #reviewBlob(write: Writer, review: Review): Promise<Partial<GarbageReport>> {
    const { repositoryId, digest } = review;
    const now = this.#now();
    const use = await findBlobUse(write, repositoryId, digest);
    if (use && !use.isReferenced && use.hiddenAt === null) {
      await hideBlobLink(write, repositoryId, digest, now);
      await enqueueReviews(write, [review], now);
      return { hidden: 1 };
    }
    if (use && !use.isReferenced) await unlinkBlob(write, repositoryId, digest, now);
    await finishReview(write, review);
    if (use?.isReferenced) return {};
    const bytes = await deleteUnlinkedBlob(write, digest, now);
    return { links: use ? 1 : 0, ...(bytes !== undefined && { blobs: 1, bytes }) };
  }

  async #reviewRepository(write: Writer, review: Review): Promise<Partial<GarbageReport>> {
    await finishReview(write, review);
    if (!(await deleteEmptyRepository(write, review.repositoryId))) return {};
    // The repository's id may be remembered where it was resolved.
    await raisePolicyVersion(write);
    return { repositories: 1 };
  }

  async #removeObjects(): Promise<Partial<GarbageReport>> {
    let [objects, removedBytes] = [0, 0];
    for (;;) {
      const now = this.#now();
      if (now < this.#bytesHeldUntil) return { objects, removedBytes };
      const lease = { now, until: now + leaseMilliseconds };
      const removed = await this.#metadata.write((write) =>
        leaseRemovedObjects(write, now - lateReaderMilliseconds, lease, reviewsPerPage),
      );
      if (removed.length === 0) return { objects, removedBytes };
      await Promise.all(removed.map(({ key }) => this.#store.delete(key)));
      await this.#metadata.write((write) =>
        forgetRemovedObjects(
          write,
          removed.map(({ key }) => key),
        ),
      );
      objects += removed.length;
      removedBytes += removed.reduce((sum, { size }) => sum + size, 0);
    }
  }
}
