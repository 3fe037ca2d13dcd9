import { unlinkBlob } from "./blobs.ts";
import { deleteManifest } from "./manifests.ts";
import { findProjectById } from "./projects.ts";
import { deleteRepository } from "./repositories.ts";
import type { Reader, Writer } from "./schema.ts";

/** What was taken from a project, or lies in it. */
export interface ProjectContent {
  readonly manifests: number;
  /** Links of its repositories to blobs. */
  readonly links: number;
  readonly repositories: number;
}

/**
 * Takes images from a project that was deleted: `limit` rows at most, so that others need not wait. Its blobs are reviewed
 * then, as any that lost a repository. Answers undefined where there is nothing to be taken (any more).
 */
export async function takeFromDeletedProject(
  write: Writer,
  projectId: string,
  limit: number,
  now: number,
): Promise<ProjectContent | undefined> {
  if (await findProjectById(write, projectId)) return undefined;
  let [manifests, links, repositories] = [0, 0, 0];
  const left = () => limit - manifests - links - repositories;
  while (left() > 0) {
    const repository = await write
      .selectFrom("repositories")
      .select("id")
      .where("project_id", "=", projectId)
      .orderBy("id")
      .limit(1)
      .executeTakeFirst();
    if (!repository) break;
    const { id } = repository;
    for (const digest of await digestsOf(write, "manifests", id, left())) {
      await write.deleteFrom("tags").where("repository_id", "=", id).where("digest", "=", digest).execute();
      await deleteManifest(write, id, digest, now);
      manifests++;
    }
    for (const digest of await digestsOf(write, "blob_links", id, left())) {
      await unlinkBlob(write, id, digest, now);
      links++;
    }
    if (left() === 0) break;
    for (const table of ["bindings", "policies"] as const) {
      await write.deleteFrom(table).where("resource", "=", `repository/${id}`).execute();
    }
    await write.deleteFrom("rules").where("repository_id", "=", id).execute();
    await deleteRepository(write, id);
    repositories++;
  }
  const taken = { manifests, links, repositories };
  return left() === limit ? undefined : taken;
}

/** What lies in a project that was deleted; nothing where it is there. */
export async function countDeletedProject(read: Reader, projectId: string): Promise<ProjectContent> {
  if (await findProjectById(read, projectId)) return { manifests: 0, links: 0, repositories: 0 };
  const countOf = async (table: "manifests" | "blob_links") => {
    const { count } = await read
      .selectFrom("repositories as r")
      .innerJoin(`${table as "manifests"} as content`, "content.repository_id", "r.id")
      .select((row) => row.fn.countAll<number>().as("count"))
      .where("r.project_id", "=", projectId)
      .executeTakeFirstOrThrow();
    return Number(count);
  };
  const { count } = await read
    .selectFrom("repositories")
    .select((row) => row.fn.countAll<number>().as("count"))
    .where("project_id", "=", projectId)
    .executeTakeFirstOrThrow();
  return {
    manifests: await countOf("manifests"),
    links: await countOf("blob_links"),
    repositories: Number(count),
  };
}

async function digestsOf(read: Reader, table: "manifests" | "blob_links", repositoryId: string, limit: number) {
  if (limit === 0) return [];
  const rows = await read
    .selectFrom(table)
    .select("digest")
    .where("repository_id", "=", repositoryId)
    .orderBy("digest")
    .limit(limit)
    .execute();
  return rows.map(({ digest }) => digest);
}
