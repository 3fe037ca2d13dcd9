import type { Reader, Writer } from "./schema.ts";

/** Where a project's images come from. */
export interface UpstreamRow {
  readonly projectId: string;
  readonly host: string;
  readonly prefix: string;
  /** A token source's name; empty for none. */
  readonly credentials: string;
}

/** Makes a project that was made in this transaction a cache. */
export async function insertUpstream(write: Writer, upstream: UpstreamRow, now: number): Promise<void> {
  const { projectId, host, prefix, credentials } = upstream;
  await write
    .insertInto("upstreams")
    .values({ project_id: projectId, host, prefix, credentials, created_at: now })
    .execute();
}

/** The upstreams of every project that is not deleted. */
export async function listUpstreams(read: Reader): Promise<UpstreamRow[]> {
  return await read
    .selectFrom("upstreams")
    .innerJoin("projects", "projects.id", "upstreams.project_id")
    .select(["upstreams.project_id as projectId", "host", "prefix", "credentials"])
    .where("projects.deleted_at", "is", null)
    .orderBy("upstreams.project_id")
    .execute();
}
