import type { Reader } from "./schema.ts";

/** A manifest that stands for itself: no index has it as a child, and it refers to no subject that is there. */
export interface VersionRow {
  readonly digest: string;
  readonly createdAt: number;
  /** Bytes of the manifest and of what it names. */
  readonly bytes: number;
}

/** A repository's versions from the newest to the oldest, those after `after` only. */
export async function listVersions(
  read: Reader,
  repositoryId: string,
  after: Pick<VersionRow, "createdAt" | "digest"> | undefined,
  limit: number,
): Promise<VersionRow[]> {
  const versions = versionsOf(read, repositoryId);
  const later = after
    ? versions.where((row) => row(row.refTuple("created_at", "digest"), "<", row.tuple(after.createdAt, after.digest)))
    : versions;
  return await later.orderBy("created_at", "desc").orderBy("digest", "desc").limit(limit).execute();
}

/** The tags of some manifests, by digest. */
export async function listTagsOf(
  read: Reader,
  repositoryId: string,
  digests: readonly string[],
): Promise<ReadonlyMap<string, string[]>> {
  const rows = await read
    .selectFrom("tags")
    .select(["digest", "name"])
    .where("repository_id", "=", repositoryId)
    .where("digest", "in", digests)
    .orderBy("name")
    .execute();
  const tags = new Map<string, string[]>();
  for (const { digest, name } of rows) tags.set(digest, [...(tags.get(digest) ?? []), name]);
  return tags;
}

/** A version by its digest; undefined where it is not there, or where something else needs it. */
export async function findVersion(read: Reader, repositoryId: string, digest: string): Promise<VersionRow | undefined> {
  return await versionsOf(read, repositoryId).where("digest", "=", digest).executeTakeFirst();
}

/** What a manifest may be the last reason to keep: its children, and the manifests that refer to it. */
export async function listDependants(read: Reader, repositoryId: string, digest: string): Promise<string[]> {
  const children = await read
    .selectFrom("manifest_references")
    .select("digest")
    .where("repository_id", "=", repositoryId)
    .where("manifest_digest", "=", digest)
    .where("kind", "=", "child")
    .execute();
  const referrers = await read
    .selectFrom("manifests")
    .select("digest")
    .where("repository_id", "=", repositoryId)
    .where("subject_digest", "=", digest)
    .execute();
  return [...new Set([...children, ...referrers].map((row) => row.digest))];
}

/** The manifests that are made of any of these: indexes of a child, images of a blob. */
export async function listHolders(
  read: Reader,
  repositoryId: string,
  digests: readonly string[],
  limit: number,
): Promise<string[]> {
  const rows = await read
    .selectFrom("manifest_references")
    .select("manifest_digest as digest")
    .distinct()
    .where("repository_id", "=", repositoryId)
    .where("digest", "in", digests)
    .where("kind", "in", ["child", "config", "layer"])
    .limit(limit)
    .execute();
  return rows.map(({ digest }) => digest);
}

function versionsOf(read: Reader, repositoryId: string) {
  return read
    .selectFrom("manifests as m")
    .select((row) => ["digest", "created_at as createdAt", row("size", "+", row.ref("image_size")).as("bytes")])
    .where("repository_id", "=", repositoryId)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("manifest_references as r")
            .select("r.position")
            .whereRef("r.repository_id", "=", "m.repository_id")
            .whereRef("r.digest", "=", "m.digest")
            .where("r.kind", "=", "child"),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("manifests as s")
            .select("s.digest")
            .whereRef("s.repository_id", "=", "m.repository_id")
            .whereRef("s.digest", "=", "m.subject_digest"),
        ),
      ),
    );
}
