import { enqueueReviews } from "./reviews.ts";
import type { Reader, Writer } from "./schema.ts";

/** Who moved a tag, and when. */
export interface TagChange {
  readonly at: number;
  /** The principal's id. */
  readonly by: string;
}

/** Points a tag at a manifest of the repository and appends to its history. Answers what it pointed at before. */
export async function putTag(
  write: Writer,
  repositoryId: string,
  name: string,
  digest: string,
  change: TagChange,
): Promise<string | undefined> {
  const from = (await selectTag(write, repositoryId, name))?.digest;
  if (from === digest) return from;
  const row = { digest, updated_at: change.at };
  if (from === undefined) {
    await write
      .insertInto("tags")
      .values({ repository_id: repositoryId, name, ...row })
      // Never in the way of one that is there: the transaction would have seen it, or is made to start again.
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  } else {
    await reviewUntagged(write, repositoryId, from, change);
    await write
      .updateTable("tags")
      .set(row)
      .where("repository_id", "=", repositoryId)
      .where("name", "=", name)
      .execute();
  }
  await appendHistory(write, repositoryId, name, from ?? null, digest, change);
  return from;
}

/** Removes a tag; true when it was there. Its manifest stays. */
export async function deleteTag(
  write: Writer,
  repositoryId: string,
  name: string,
  change: TagChange,
): Promise<boolean> {
  const from = (await selectTag(write, repositoryId, name))?.digest;
  if (from === undefined) return false;
  await write.deleteFrom("tags").where("repository_id", "=", repositoryId).where("name", "=", name).execute();
  await appendHistory(write, repositoryId, name, from, null, change);
  await reviewUntagged(write, repositoryId, from, change);
  return true;
}

/** Removes every tag of a manifest, and answers their names. */
export async function deleteTagsOf(
  write: Writer,
  repositoryId: string,
  digest: string,
  change: TagChange,
): Promise<string[]> {
  const rows = await write
    .deleteFrom("tags")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .returning("name")
    .execute();
  for (const { name } of rows) await appendHistory(write, repositoryId, name, digest, null, change);
  return rows.map(({ name }) => name);
}

/** Tag names in byte order, those after `after` only. */
export async function listTags(read: Reader, repositoryId: string, after: string, limit: number): Promise<string[]> {
  const rows = await read
    .selectFrom("tags")
    .select("name")
    .where("repository_id", "=", repositoryId)
    .where("name", ">", after)
    .orderBy("name")
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}

/** Every change to a tag, oldest first. */
export async function tagHistory(read: Reader, repositoryId: string, name: string) {
  return await read
    .selectFrom("tag_history")
    .select([
      "from_digest as fromDigest",
      "to_digest as toDigest",
      "changed_at as changedAt",
      "changed_by as changedBy",
    ])
    .where("repository_id", "=", repositoryId)
    .where("name", "=", name)
    .orderBy("id")
    .execute();
}

function selectTag(read: Reader, repositoryId: string, name: string) {
  return read
    .selectFrom("tags")
    .select("digest")
    .where("repository_id", "=", repositoryId)
    .where("name", "=", name)
    .executeTakeFirst();
}

/** A manifest that lost a tag may be one that a rule lets go. */
async function reviewUntagged(write: Writer, repositoryId: string, digest: string, { at }: TagChange): Promise<void> {
  await enqueueReviews(write, [{ kind: "manifest", repositoryId, digest }], at);
}

async function appendHistory(
  write: Writer,
  repositoryId: string,
  name: string,
  from: string | null,
  to: string | null,
  { at, by }: TagChange,
): Promise<void> {
  await write
    .insertInto("tag_history")
    .values({ repository_id: repositoryId, name, from_digest: from, to_digest: to, changed_at: at, changed_by: by })
    .execute();
}
