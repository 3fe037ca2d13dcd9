import { expect, test } from "bun:test";
import { linkBlob, unlinkBlob } from "../../../../src/storage/metadata/blobs.ts";
import { deleteManifest, insertManifest } from "../../../../src/storage/metadata/manifests.ts";
import {
  enqueueReviews,
  finishReview,
  isUnchanged,
  leaseReviews,
  listDueReviews,
  type Review,
  type Subject,
} from "../../../../src/storage/metadata/reviews.ts";
import { deleteTag, deleteTagsOf, putTag } from "../../../../src/storage/metadata/tags.ts";
import type { Suite } from "../databases.ts";
import { addBlob, addManifest, addRepository, digestOf, manifestRow, newId, now } from "../fixtures.ts";

export function reviews(suite: Suite): void {
  const { write } = { write: (...of: Parameters<typeof suite.metadata.write>) => suite.metadata.write(...of) };
  const subject = (digest = digestOf(newId())): Subject => ({ kind: "blob", repositoryId: newId(), digest });
  const enqueue = (of: readonly Subject[], at: number) => write((tx) => enqueueReviews(tx, of, at));

  /** Everything that waits about a repository. */
  async function waiting(repositoryId: string): Promise<string[]> {
    const rows = await suite.metadata.read
      .selectFrom("reviews")
      .select(["kind", "digest", "since"])
      .where("repository_id", "=", repositoryId)
      .execute();
    return rows.map(({ kind, digest, since }) => `${kind} ${digest} ${since}`).sort();
  }

  test("enqueueReviews keeps one review of a subject, the last", async () => {
    const one = subject();
    await enqueue([one, one], now);
    await enqueue([one], now + 5);
    expect(await waiting(one.repositoryId)).toEqual([`blob ${one.digest} ${now + 5}`]);
    await enqueue([], now);
  });

  test("enqueueReviews takes any number at once", async () => {
    const repositoryId = newId();
    const many = Array.from({ length: 250 }, () => ({ ...subject(), repositoryId }));
    await enqueue(many, now);
    expect(await waiting(repositoryId)).toHaveLength(250);
  });

  test("leaseReviews gives the oldest first, of its kind, and to one only while the lease lasts", async () => {
    const early = now - 1_000_000;
    const [second, first, late] = [subject(), subject(), subject()];
    await enqueue([second], early - 1);
    await enqueue([first, { ...first, kind: "manifest" }], early - 2);
    await enqueue([late], early + 1);
    const lease = (at: number, limit = 10) =>
      write((tx) => leaseReviews(tx, "blob", early, { now: at, until: at + 100 }, limit)) as Promise<Review[]>;
    expect(await lease(now, 1)).toEqual([{ ...first, since: early - 2 }]);
    expect(await lease(now)).toEqual([{ ...second, since: early - 1 }]);
    expect(await lease(now + 99)).toEqual([]);
    expect((await lease(now + 100)).map(({ digest }) => digest)).toEqual([first.digest, second.digest]);
    for (const one of [first, second, late]) await write((tx) => finishReview(tx, one));
  });

  test("of ten who lease at once nobody is given what another has", async () => {
    const early = now - 2_000_000;
    const many = Array.from({ length: 30 }, () => subject());
    await enqueue(many, early);
    const taken = (await Promise.all(
      Array.from({ length: 10 }, () => write((tx) => leaseReviews(tx, "blob", early, { now, until: now + 100 }, 3))),
    )) as Review[][];
    const digests = taken.flat().map(({ digest }) => digest);
    expect(digests.sort()).toEqual(many.map(({ digest }) => digest).sort());
    for (const one of many) await write((tx) => finishReview(tx, one));
  }, 30_000);

  test("a change after the lease makes the review a new one, which is free at once", async () => {
    const early = now - 3_000_000;
    const one = subject();
    await enqueue([one], early);
    const lease = () => write((tx) => leaseReviews(tx, "blob", early + 1, { now, until: now + 100 }, 10));
    const [review] = (await lease()) as [Review];
    expect(await isUnchanged(suite.metadata.read, review)).toBe(true);
    await enqueue([one], early + 1);
    expect(await isUnchanged(suite.metadata.read, review)).toBe(false);
    expect(await lease()).toEqual([{ ...one, since: early + 1 }]);
    await write((tx) => finishReview(tx, one));
    expect(await isUnchanged(suite.metadata.read, { ...review, since: early + 1 })).toBe(false);
  });

  test("listDueReviews pages through what is due and takes nothing", async () => {
    const early = now - 4_000_000;
    const many = Array.from({ length: 7 }, () => subject());
    for (const [index, one] of many.entries()) await enqueue([one], early - (index % 3));
    const pages: Review[][] = [];
    let after: Review | undefined;
    do {
      pages.push(await listDueReviews(suite.metadata.read, "blob", early, after, 3));
      after = pages.at(-1)?.at(-1);
    } while (after);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1, 0]);
    const found = pages.flat();
    expect(found.map(({ since }) => since)).toEqual([2, 2, 1, 1, 0, 0, 0].map((age) => early - age));
    expect(new Set(found.map(({ digest }) => digest)).size).toBe(7);
    for (const one of many) await write((tx) => finishReview(tx, one));
  });

  test("a blob is reviewed after it was linked and after it was unlinked, with its repository", async () => {
    const repository = await addRepository(suite.metadata);
    const digest = await addBlob(suite.metadata, repository);
    expect(await waiting(repository)).toEqual([`blob ${digest} ${now}`]);
    await write((tx) => linkBlob(tx, repository, digest, now + 1));
    expect(await waiting(repository)).toEqual([`blob ${digest} ${now + 1}`]);
    await write((tx) => unlinkBlob(tx, repository, digest, now + 2));
    expect(await waiting(repository)).toEqual([`blob ${digest} ${now + 2}`, `repository  ${now + 2}`]);
  });

  test("a manifest that goes has its blobs, its children, its referrers and its repository reviewed, not its subject", async () => {
    const repository = await addRepository(suite.metadata);
    const names = {
      config: digestOf(newId()),
      layer: digestOf(newId()),
      child: digestOf(newId()),
      subject: digestOf(newId()),
    };
    const references = Object.entries(names).map(([kind, digest]) => ({ kind, digest, mediaType: "x", size: 1 }));
    const manifest = manifestRow(repository);
    const referrer = manifestRow(repository, { subjectDigest: manifest.digest });
    await write((tx) => insertManifest(tx, manifest, references as never));
    await write((tx) => insertManifest(tx, referrer, []));
    expect(await waiting(repository)).toEqual([]);
    expect(await write((tx) => deleteManifest(tx, repository, digestOf("absent"), now))).toBe(false);
    expect(await waiting(repository)).toEqual([]);
    await write((tx) => deleteManifest(tx, repository, manifest.digest, now));
    expect(await waiting(repository)).toEqual(
      [
        `blob ${names.config} ${now}`,
        `blob ${names.layer} ${now}`,
        `manifest ${names.child} ${now}`,
        `manifest ${referrer.digest} ${now}`,
        `repository  ${now}`,
      ].sort(),
    );
  });

  test("a manifest that loses a tag is reviewed, however it loses it", async () => {
    const repository = await addRepository(suite.metadata);
    const [one, two] = [await addManifest(suite.metadata, repository), await addManifest(suite.metadata, repository)];
    const change = (at: number) => ({ at, by: "user-1" });
    await write((tx) => putTag(tx, repository, "v1", one, change(now)));
    await write((tx) => putTag(tx, repository, "v1", one, change(now)));
    expect(await waiting(repository)).toEqual([]);
    await write((tx) => putTag(tx, repository, "v1", two, change(now + 1)));
    expect(await waiting(repository)).toEqual([`manifest ${one} ${now + 1}`]);
    await write((tx) => deleteTag(tx, repository, "v1", change(now + 2)));
    expect(await waiting(repository)).toContain(`manifest ${two} ${now + 2}`);
    await write((tx) => putTag(tx, repository, "v2", two, change(now + 3)));
    await write((tx) => deleteTagsOf(tx, repository, two, change(now + 4)));
    expect(await waiting(repository)).toContain(`manifest ${two} ${now + 2}`);
  });
}
