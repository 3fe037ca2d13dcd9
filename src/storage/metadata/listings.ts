import { sql } from "kysely";
import type { Reader } from "./schema.ts";

/** What a listing tells of a manifest. */
export interface ImageRow {
  readonly digest: string;
  readonly mediaType: string;
  /** Bytes of config and layers, or of an index's children. */
  readonly imageSize: number;
  /** When it was pushed. */
  readonly uploadedAt: number;
  /** When it was made, by its own word. */
  readonly imageCreatedAt: number | null;
}

/** A repository's tags with what they point at, in byte order. */
export async function listTagTargets(read: Reader, repositoryId: string, limit: number) {
  return await read
    .selectFrom("tags")
    .select(["name", "digest"])
    .where("repository_id", "=", repositoryId)
    .orderBy("name")
    .limit(limit)
    .execute();
}

/** How many manifests a repository has, counted no further than `limit`. */
export async function countManifests(read: Reader, repositoryId: string, limit: number): Promise<number> {
  const some = read.selectFrom("manifests").select("digest").where("repository_id", "=", repositoryId).limit(limit);
  const { count } = await read
    .selectFrom(some.as("some"))
    .select((row) => row.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** A repository's manifests in the order of their digests, those after `after` only. */
export async function listImages(
  read: Reader,
  repositoryId: string,
  after: string,
  limit: number,
): Promise<ImageRow[]> {
  return await read
    .selectFrom("manifests as m")
    .leftJoin("image_times as t", (join) =>
      join.onRef("t.repository_id", "=", "m.repository_id").onRef("t.digest", "=", "m.digest"),
    )
    .select(["m.digest", "m.media_type as mediaType", "m.image_size as imageSize"])
    .select(["m.created_at as uploadedAt", "t.image_created_at as imageCreatedAt"])
    .where("m.repository_id", "=", repositoryId)
    .where("m.digest", ">", after)
    .orderBy("m.digest")
    .limit(limit)
    .execute();
}

/** Every character of a repository's name but the slash. */
const partCharacters = "abcdefghijklmnopqrstuvwxyz0123456789._-";

/**
 * The names that come next below a path, in the order in which they are met: for "team/" of `team/a`, `team/b/c` and
 * `team/b/d` these are `a` and `b`. Each costs one step through the index, however many repositories lie below it.
 *
 * @param prefix empty, or a path that ends with a slash
 */
export async function listChildren(
  read: Reader,
  location: string,
  projectId: string,
  prefix: string,
  limit: number,
): Promise<string[]> {
  // "~" comes after every character of a name, and so "b/~" after all that lies below b.
  const nextAfter = (after: unknown) => sql`(select name from repositories where location = ${location}
    and project_id = ${projectId} and name > ${after} and name < ${`${prefix}~`} order by name limit 1)`;
  const below = sql`ltrim(substr(walk.name, ${sql.lit(prefix.length + 1)}), ${sql.lit(partCharacters)})`;
  const walked = sql<{ name: string }>`(with recursive walk(name) as (
      select ${nextAfter(prefix)}
      union all
      select ${nextAfter(sql`(case when ${below} = '' then walk.name
        else substr(walk.name, 1, length(walk.name) - length(${below})) || '/~' end)`)}
      from walk where walk.name is not null
    ) select name from walk where name is not null limit ${sql.lit(2 * limit)})`;
  const rows = await read.selectFrom(walked.as("walked")).select("name").execute();
  return firstParts(rows, prefix).slice(0, limit);
}

/** As `listChildren`, of these repositories only. */
export async function listChildrenAmong(
  read: Reader,
  location: string,
  projectId: string,
  prefix: string,
  repositoryIds: readonly string[],
): Promise<string[]> {
  const rows = await read
    .selectFrom("repositories")
    .select("name")
    .where("location", "=", location)
    .where("project_id", "=", projectId)
    .where("name", ">", prefix)
    .where("name", "<", `${prefix}~`)
    .where("id", "in", repositoryIds)
    .orderBy("name")
    .execute();
  return firstParts(rows, prefix);
}

/** `a`, `a-b` and `a/c` stand in this order, so that a part may be met twice. */
function firstParts(rows: readonly { readonly name: string }[], prefix: string): string[] {
  return [...new Set(rows.map(({ name }) => name.slice(prefix.length).split("/", 1)[0] ?? ""))];
}
