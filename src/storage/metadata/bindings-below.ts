import { sql } from "kysely";
import type { BindingRow } from "./hot-reads.ts";
import type { Reader } from "./schema.ts";

/** A binding on a part of a project, with the part's name. */
export interface BindingBelow extends BindingRow {
  readonly location: string;
  /** The repository's path below the project; null where it is the location itself. */
  readonly repository: string | null;
}

/** The bindings on a project's repositories, and on the project at one of these locations. */
export async function listBindingsBelow(
  read: Reader,
  projectId: string,
  locations: readonly string[],
  limit: number,
): Promise<BindingBelow[]> {
  const keys = locations.map((location) => `location/${projectId}/${location}` as const);
  const onLocations = await read
    .selectFrom("bindings")
    .select(["resource", "member", "role", "condition"])
    .where("resource", "in", keys)
    .orderBy("resource")
    .orderBy("member")
    .limit(limit)
    .execute();
  const onRepositories = await read
    .selectFrom("bindings as b")
    .innerJoin("repositories as r", (join) =>
      join.on(sql<string>`substr(b.resource, ${sql.lit("repository/".length + 1)})`, "=", (row) => row.ref("r.id")),
    )
    .select(["b.resource", "b.member", "b.role", "b.condition", "r.location", "r.name as repository"])
    .where("b.resource", ">", "repository/")
    .where(sql<boolean>`b.resource < 'repository0'`)
    .where("r.project_id", "=", projectId)
    .orderBy("r.location")
    .orderBy("r.name")
    .orderBy("b.member")
    .limit(limit)
    .execute();
  const located = onLocations.map((row) => ({
    ...row,
    location: row.resource.slice(`location/${projectId}/`.length),
    repository: null,
  }));
  return [...located, ...onRepositories];
}
