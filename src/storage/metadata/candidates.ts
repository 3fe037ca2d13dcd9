import type { Reader } from "./schema.ts";

/** A repository with its project's name. */
export interface CandidateRow {
  readonly id: string;
  readonly location: string;
  readonly projectId: string;
  readonly project: string;
  /** The path below the project. */
  readonly image: string;
}

/** Where repositories are looked for: what is absent is not asked about. */
export interface Within {
  readonly projectId?: string | undefined;
  readonly location?: string | undefined;
  /** `team`, for those below `team/`. */
  readonly prefix?: string | undefined;
  readonly repositoryId?: string | undefined;
}

/** The repositories of a place, in no order. */
export async function listCandidates(read: Reader, within: Within, limit: number): Promise<CandidateRow[]> {
  const { projectId, location, prefix, repositoryId } = within;
  let query = read
    .selectFrom("repositories as r")
    .innerJoin("projects as p", "p.id", "r.project_id")
    .select(["r.id", "r.location", "r.project_id as projectId", "p.name as project", "r.name as image"])
    .where("p.deleted_at", "is", null);
  if (projectId !== undefined) query = query.where("r.project_id", "=", projectId);
  if (location !== undefined) query = query.where("r.location", "=", location);
  if (repositoryId !== undefined) query = query.where("r.id", "=", repositoryId);
  // "0" comes next after "/".
  if (prefix !== undefined) query = query.where("r.name", ">", `${prefix}/`).where("r.name", "<", `${prefix}0`);
  return await query.limit(limit).execute();
}
