import { sql } from "kysely";
import type { Reader, Writer } from "./schema.ts";

/** What a project uses and may use. */
export interface LimitsRow {
  readonly usedBytes: number;
  /** Null for no limit. */
  readonly bytesMax: number | null;
  readonly readOnlyAt: number | null;
}

const unlimited: LimitsRow = { usedBytes: 0, bytesMax: null, readOnlyAt: null };

export async function readLimits(read: Reader, projectId: string): Promise<LimitsRow> {
  const row = await read
    .selectFrom("project_limits")
    .select(["used_bytes as usedBytes", "bytes_max as bytesMax", "read_only_at as readOnlyAt"])
    .where("project_id", "=", projectId)
    .executeTakeFirst();
  return row ?? unlimited;
}

/** Whether one of the project's repositories has the blob, so that another link costs nothing. */
export async function hasProjectBlob(read: Reader, projectId: string, digest: string): Promise<boolean> {
  const row = await read
    .selectFrom("project_blobs")
    .select("links")
    .where("project_id", "=", projectId)
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row !== undefined;
}

/** Sets how many bytes the project may use; null for as many as there are. */
export async function setBytesMax(write: Writer, projectId: string, bytesMax: number | null): Promise<void> {
  await changeLimits(write, projectId, { bytes_max: bytesMax });
}

/** Closes the project to pushes and deletes, or with null opens it. */
export async function setReadOnlyAt(write: Writer, projectId: string, readOnlyAt: number | null): Promise<void> {
  await changeLimits(write, projectId, { read_only_at: readOnlyAt });
}

/** Counts a link that was made just now: its bytes, where it is the blob's first in the project. */
export async function countLink(write: Writer, repositoryId: string, digest: string): Promise<void> {
  const { projectId, links } = await write
    .insertInto("project_blobs")
    .columns(["project_id", "digest", "links"])
    .expression((from) =>
      from
        .selectFrom("repositories")
        .select(["project_id", sql<string>`cast(${digest} as text)`.as("digest"), sql<number>`1`.as("links")])
        .where("id", "=", repositoryId),
    )
    .onConflict((conflict) =>
      conflict.columns(["project_id", "digest"]).doUpdateSet({ links: sql<number>`project_blobs.links + 1` }),
    )
    .returning(["project_id as projectId", "links"])
    .executeTakeFirstOrThrow();
  if (links === 1) await addBytes(write, projectId, await sizeOf(write, digest));
}

/** Counts a link that was removed just now; the blob's own row must still be there. */
export async function uncountLink(write: Writer, repositoryId: string, digest: string): Promise<void> {
  const { projectId, links } = await write
    .updateTable("project_blobs")
    .set((row) => ({ links: row("links", "-", 1) }))
    .where("project_id", "=", (from) =>
      from.selectFrom("repositories").select("project_id").where("id", "=", repositoryId),
    )
    .where("digest", "=", digest)
    .returning(["project_id as projectId", "links"])
    .executeTakeFirstOrThrow();
  if (links > 0) return;
  await write.deleteFrom("project_blobs").where("project_id", "=", projectId).where("digest", "=", digest).execute();
  await addBytes(write, projectId, -(await sizeOf(write, digest)));
}

/** Counts bytes of manifests that a repository got, or with a minus lost. */
export async function countManifestBytes(write: Writer, repositoryId: string, bytes: number): Promise<void> {
  const { projectId } = await write
    .selectFrom("repositories")
    .select("project_id as projectId")
    .where("id", "=", repositoryId)
    .executeTakeFirstOrThrow();
  await addBytes(write, projectId, bytes);
}

async function sizeOf(read: Reader, digest: string): Promise<number> {
  const row = await read.selectFrom("blobs").select("size").where("digest", "=", digest).executeTakeFirstOrThrow();
  return row.size;
}

async function addBytes(write: Writer, projectId: string, bytes: number): Promise<void> {
  await write
    .insertInto("project_limits")
    .values({ project_id: projectId, used_bytes: bytes, bytes_max: null, read_only_at: null })
    .onConflict((conflict) =>
      conflict.column("project_id").doUpdateSet({ used_bytes: sql<number>`project_limits.used_bytes + ${bytes}` }),
    )
    .execute();
}

type Change = { readonly bytes_max: number | null } | { readonly read_only_at: number | null };

async function changeLimits(write: Writer, projectId: string, change: Change): Promise<void> {
  await write
    .insertInto("project_limits")
    .values({ project_id: projectId, used_bytes: 0, bytes_max: null, read_only_at: null, ...change })
    .onConflict((conflict) => conflict.column("project_id").doUpdateSet(change))
    .execute();
}
