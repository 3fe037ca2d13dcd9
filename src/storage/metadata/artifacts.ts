import type { ImageRow } from "./listings.ts";
import type { RepositoryRow } from "./repositories.ts";
import type { Reader } from "./schema.ts";

/** Repositories of a project at one location whose names begin with a prefix. */
export interface Shelf {
  readonly location: string;
  readonly projectId: string;
  /** Empty, or a path that ends with a slash. */
  readonly prefix: string;
}

/** A manifest together with the repository that it lies in. */
export interface ShelvedImage extends ImageRow {
  readonly repositoryId: string;
  readonly repositoryName: string;
}

/** Those with images in them, in the order of their names, those after `after` only. */
export async function listShelf(read: Reader, shelf: Shelf, after: string, limit: number): Promise<RepositoryRow[]> {
  return await repositoriesOf(read, shelf)
    .select(["r.id", "r.location", "r.project_id as projectId", "r.name"])
    .where("r.name", ">", after)
    .where(({ exists, selectFrom }) =>
      exists(selectFrom("manifests as m").select("m.digest").whereRef("m.repository_id", "=", "r.id")),
    )
    .orderBy("r.name")
    .limit(limit)
    .execute();
}

/** All manifests of a shelf in the order of repository and digest, those after `after` only. */
export async function listShelfImages(
  read: Reader,
  shelf: Shelf,
  after: { readonly name: string; readonly digest: string },
  limit: number,
): Promise<ShelvedImage[]> {
  return await repositoriesOf(read, shelf)
    .innerJoin("manifests as m", "m.repository_id", "r.id")
    .leftJoin("image_times as t", (join) =>
      join.onRef("t.repository_id", "=", "m.repository_id").onRef("t.digest", "=", "m.digest"),
    )
    .select(["r.id as repositoryId", "r.name as repositoryName"])
    .select(["m.digest", "m.media_type as mediaType", "m.image_size as imageSize"])
    .select(["m.created_at as uploadedAt", "t.image_created_at as imageCreatedAt"])
    .where((row) => row(row.refTuple("r.name", "m.digest"), ">", row.tuple(after.name, after.digest)))
    .orderBy("r.name")
    .orderBy("m.digest")
    .limit(limit)
    .execute();
}

/** One manifest of a repository, as listings tell of it. */
export async function findImage(read: Reader, repositoryId: string, digest: string): Promise<ImageRow | undefined> {
  return await read
    .selectFrom("manifests as m")
    .leftJoin("image_times as t", (join) =>
      join.onRef("t.repository_id", "=", "m.repository_id").onRef("t.digest", "=", "m.digest"),
    )
    .select(["m.digest", "m.media_type as mediaType", "m.image_size as imageSize"])
    .select(["m.created_at as uploadedAt", "t.image_created_at as imageCreatedAt"])
    .where("m.repository_id", "=", repositoryId)
    .where("m.digest", "=", digest)
    .executeTakeFirst();
}

/** Tags with what they point at, in byte order, those after `after` only; of one manifest, where a digest is given. */
export async function listTagPage(
  read: Reader,
  repositoryId: string,
  { after, digest }: { readonly after: string; readonly digest?: string | undefined },
  limit: number,
) {
  const tags = read
    .selectFrom("tags")
    .select(["name", "digest"])
    .where("repository_id", "=", repositoryId)
    .where("name", ">", after);
  const chosen = digest === undefined ? tags : tags.where("digest", "=", digest);
  return await chosen.orderBy("name").limit(limit).execute();
}

function repositoriesOf(read: Reader, { location, projectId, prefix }: Shelf) {
  const all = read
    .selectFrom("repositories as r")
    .where("r.location", "=", location)
    .where("r.project_id", "=", projectId);
  // "~" comes after every character of a name.
  return prefix === "" ? all : all.where("r.name", ">", prefix).where("r.name", "<", `${prefix}~`);
}
