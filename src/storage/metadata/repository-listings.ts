import type { RepositorySelection } from "./repositories.ts";
import type { Reader } from "./schema.ts";

/** A repository as a page shows it. */
export interface ListedRepository {
  readonly id: string;
  /** The path below the project. */
  readonly name: string;
  /** When its newest manifest was pushed; null where it has none. */
  readonly pushedAt: number | null;
  readonly newestDigest: string | null;
}

/** What part of a listing is meant. */
export interface ListingPart {
  /** Names in their order, those after this only. */
  readonly after: string;
  /** Only names with this in them; empty for all. */
  readonly containing: string;
  readonly limit: number;
}

/**
 * A project's repositories at one location, each with its newest manifest: two steps through an index for each that is listed.
 *
 * @param selection only these; all where it is absent
 */
export async function listRepositoriesWithNewest(
  read: Reader,
  location: string,
  projectId: string,
  selection: RepositorySelection | undefined,
  { after, containing, limit }: ListingPart,
): Promise<ListedRepository[]> {
  const all = read
    .selectFrom("repositories as r")
    .select(["r.id", "r.name"])
    .select(({ selectFrom }) => {
      const newest = selectFrom("manifests as m")
        .whereRef("m.repository_id", "=", "r.id")
        .orderBy("m.created_at", "desc")
        .orderBy("m.digest", "desc")
        .limit(1);
      return [newest.select("m.created_at").as("pushedAt"), newest.select("m.digest").as("newestDigest")];
    })
    .where("r.location", "=", location)
    .where("r.project_id", "=", projectId)
    .where("r.name", ">", after)
    .orderBy("r.name")
    .limit(limit);
  const whole = selection === undefined || selection.projectIds.includes(projectId);
  const selected = whole ? all : all.where("r.id", "in", selection.repositoryIds);
  const found = containing === "" ? selected : selected.where("r.name", "like", `%${likeText(containing)}%`);
  return await found.execute();
}

/** The first tags of some manifests, up to `limit` of each, by repository and digest. A manifest may have thousands. */
export async function listFirstTags(
  read: Reader,
  manifests: readonly { readonly repositoryId: string; readonly digest: string }[],
  limit: number,
): Promise<ReadonlyMap<string, string[]>> {
  const tags = new Map<string, string[]>();
  const [first, ...others] = manifests.map(({ repositoryId, digest }) =>
    read
      .selectFrom((from) =>
        from
          .selectFrom("tags")
          .select(["repository_id as repositoryId", "digest", "name"])
          .where("repository_id", "=", repositoryId)
          .where("digest", "=", digest)
          .orderBy("name")
          .limit(limit)
          .as("first"),
      )
      .selectAll(),
  );
  if (!first) return tags;
  const rows = await others.reduce((all, each) => all.unionAll(each), first).execute();
  for (const { repositoryId, digest, name } of rows) {
    const key = manifestKey(repositoryId, digest);
    tags.set(key, [...(tags.get(key) ?? []), name]);
  }
  return tags;
}

/** How `listFirstTags` names a manifest. */
export function manifestKey(repositoryId: string, digest: string): string {
  return `${repositoryId} ${digest}`;
}

/** What a page tells of some manifests of a repository. */
export async function listManifestFacts(read: Reader, repositoryId: string, digests: readonly string[]) {
  return await read
    .selectFrom("manifests as m")
    .leftJoin("image_times as t", (join) =>
      join.onRef("t.repository_id", "=", "m.repository_id").onRef("t.digest", "=", "m.digest"),
    )
    .select(["m.digest", "m.media_type as mediaType", "m.artifact_type as artifactType", "m.size"])
    .select(["m.image_size as imageSize", "m.created_at as uploadedAt", "t.image_created_at as imageCreatedAt"])
    .where("m.repository_id", "=", repositoryId)
    .where("m.digest", "in", digests)
    .execute();
}

/** How large the images of some indexes are together, in bytes, by the index's digest. */
export async function sumChildren(
  read: Reader,
  repositoryId: string,
  digests: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await read
    .selectFrom("manifest_references as r")
    .innerJoin("manifests as m", (join) =>
      join.onRef("m.repository_id", "=", "r.repository_id").onRef("m.digest", "=", "r.digest"),
    )
    .select((row) => ["r.manifest_digest as digest", row.fn.sum<number>("m.image_size").as("bytes")])
    .where("r.repository_id", "=", repositoryId)
    .where("r.manifest_digest", "in", digests)
    .where("r.kind", "=", "child")
    .groupBy("r.manifest_digest")
    .execute();
  return new Map(rows.map(({ digest, bytes }) => [digest, Number(bytes)]));
}

/** A manifest's blobs and children with their sizes, and whether another manifest of the repository has them too. */
export async function listReferenceUses(read: Reader, repositoryId: string, digest: string) {
  const rows = await read
    .selectFrom("manifest_references as r")
    .select(["r.digest", "r.kind", "r.size"])
    .select(({ exists, selectFrom }) =>
      exists(
        selectFrom("manifest_references as o")
          .select("o.position")
          .whereRef("o.repository_id", "=", "r.repository_id")
          .whereRef("o.digest", "=", "r.digest")
          .whereRef("o.manifest_digest", "!=", "r.manifest_digest"),
      ).as("isShared"),
    )
    .where("r.repository_id", "=", repositoryId)
    .where("r.manifest_digest", "=", digest)
    .where("r.kind", "!=", "subject")
    .execute();
  return rows.map((row) => ({ ...row, isShared: Boolean(row.isShared) }));
}

/** Tags with what they point at, in byte order, those after `after` and with `containing` in them only. */
export async function listTagsWithTargets(
  read: Reader,
  repositoryId: string,
  { after, containing, limit }: ListingPart,
) {
  const all = read
    .selectFrom("tags")
    .select(["name", "digest", "updated_at as updatedAt"])
    .where("repository_id", "=", repositoryId)
    .where("name", ">", after)
    .orderBy("name")
    .limit(limit);
  return await (containing === "" ? all : all.where("name", "like", `%${likeText(containing)}%`)).execute();
}

/** Names hold no percent signs; an underscore stands for itself or any letter, which finds a little more. */
function likeText(text: string): string {
  return text.replaceAll(/[%\\]/g, "");
}
