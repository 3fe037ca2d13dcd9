import type { Reader, ReviewKind, Writer } from "./schema.ts";

/** Something that may have become garbage: a repository's blob or manifest, a repository or a project (whose digest is empty). */
export interface Subject {
  readonly kind: ReviewKind;
  /** Of a project, its own id. */
  readonly repositoryId: string;
  readonly digest: string;
}

/** A subject that waits for its review. */
export interface Review extends Subject {
  /** When it last changed. */
  readonly since: number;
}

/** Has these looked at some time after `now`; what waits already waits anew. To be called with the change itself. */
export async function enqueueReviews(write: Writer, subjects: readonly Subject[], now: number): Promise<void> {
  const unique = new Map(
    subjects.map((subject) => [`${subject.kind} ${subject.repositoryId} ${subject.digest}`, subject]),
  );
  const rows = [...unique.values()].map(({ kind, repositoryId, digest }) => ({
    kind,
    repository_id: repositoryId,
    digest,
    since: now,
    leased_until: 0,
  }));
  const pageSize = 100;
  for (let start = 0; start < rows.length; start += pageSize) {
    await write
      .insertInto("reviews")
      .values(rows.slice(start, start + pageSize))
      .onConflict((conflict) =>
        conflict.columns(["kind", "repository_id", "digest"]).doUpdateSet({ since: now, leased_until: 0 }),
      )
      .execute();
  }
}

/**
 * Takes reviews of subjects that have not changed after `changedBefore`, the oldest first. Nobody else is given them
 * until `leasedUntil`; whoever took them and ended is then forgotten.
 */
export async function leaseReviews(
  write: Writer,
  kind: ReviewKind,
  changedBefore: number,
  lease: { readonly now: number; readonly until: number },
  limit: number,
): Promise<Review[]> {
  const reviews = await selectDue(write, kind, changedBefore)
    .where("leased_until", "<=", lease.now)
    .orderBy("since")
    .orderBy("repository_id")
    .orderBy("digest")
    .limit(limit)
    .execute();
  for (const review of reviews) await updateReview(write, review, { leased_until: lease.until });
  return reviews;
}

/** The same without taking them, in pages: those after `after` only. */
export async function listDueReviews(
  read: Reader,
  kind: ReviewKind,
  changedBefore: number,
  after: Review | undefined,
  limit: number,
): Promise<Review[]> {
  const due = selectDue(read, kind, changedBefore);
  const later = after
    ? due.where((row) =>
        row(
          row.refTuple("since", "repository_id", "digest"),
          ">",
          row.tuple(after.since, after.repositoryId, after.digest),
        ),
      )
    : due;
  return await later.orderBy("since").orderBy("repository_id").orderBy("digest").limit(limit).execute();
}

/** Whether the subject has not changed since this review was taken: to be asked in the transaction that acts on it. */
export async function isUnchanged(read: Reader, { kind, repositoryId, digest, since }: Review): Promise<boolean> {
  const row = await read
    .selectFrom("reviews")
    .select("since")
    .where("kind", "=", kind)
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row?.since === since;
}

/** Gives a review back before it is done: it is the next to be taken. */
export async function giveBackReview(write: Writer, review: Subject): Promise<void> {
  await updateReview(write, review, { leased_until: 0 });
}

/** Ends a review. */
export async function finishReview(write: Writer, { kind, repositoryId, digest }: Subject): Promise<void> {
  await write
    .deleteFrom("reviews")
    .where("kind", "=", kind)
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .execute();
}

function selectDue(read: Reader, kind: ReviewKind, changedBefore: number) {
  return read
    .selectFrom("reviews")
    .select(["kind", "repository_id as repositoryId", "digest", "since"])
    .where("kind", "=", kind)
    .where("since", "<=", changedBefore);
}

async function updateReview(write: Writer, { kind, repositoryId, digest }: Subject, change: { leased_until: number }) {
  await write
    .updateTable("reviews")
    .set(change)
    .where("kind", "=", kind)
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .execute();
}
