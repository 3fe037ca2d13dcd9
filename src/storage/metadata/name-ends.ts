import type { CompiledQuery } from "kysely";
import type { Reader, Writer } from "./schema.ts";

/** A name that goes on after so many characters is told apart by reading it. */
export const endCharactersMax = 64;
const rowsPerStatement = 100;

/** A repository by its ids and its name as OCI knows it: `my-project/image`. */
export interface NameToFind {
  readonly projectId: string;
  readonly location: string;
  readonly repositoryId: string;
  readonly path: string;
}

/** A name that contains what was looked for. */
export interface FoundName {
  readonly path: string;
  readonly projectId: string;
  /** For the next page: where in the index it was found. */
  readonly end: string;
  readonly repositoryId: string;
  readonly position: number;
}

/** Where a page begins: after this row of the index. */
export type NameCursor = Pick<FoundName, "end" | "repositoryId" | "position">;

/** Lets a new repository be found by any part of its name. */
export async function insertNameEnds(write: Writer, name: NameToFind): Promise<void> {
  const { projectId, location, repositoryId } = name;
  const ends = endsOf(name.path);
  for (let start = 0; start < ends.length; start += rowsPerStatement) {
    const some = ends.slice(start, start + rowsPerStatement);
    const parameters = some.flatMap((end, index) => [projectId, location, end, repositoryId, start + index]);
    // Not a query of its own: making one for forty rows costs several times what storing them does.
    await write.executeQuery({ ...insertStatement(write, some.length), parameters });
  }
}

/** By how the database spells it, then by how many rows it inserts. */
const insertStatements = new WeakMap<object, Map<number, CompiledQuery>>();

function insertStatement(write: Writer, rows: number): CompiledQuery {
  const { adapter } = write.getExecutor();
  const ofDialect = insertStatements.get(adapter) ?? new Map<number, CompiledQuery>();
  insertStatements.set(adapter, ofDialect);
  const known = ofDialect.get(rows);
  if (known) return known;
  const row = { project_id: "", location: "", name_end: "", repository_id: "", position: 0 };
  const statement = write.insertInto("name_ends").values(Array(rows).fill(row)).compile();
  ofDialect.set(rows, statement);
  return statement;
}

/** Forgets the name of a repository that is being removed. */
export async function deleteNameEnds(write: Writer, name: NameToFind): Promise<void> {
  await write
    .deleteFrom("name_ends")
    .where("project_id", "=", name.projectId)
    .where("location", "=", name.location)
    .where("name_end", "in", [...new Set(endsOf(name.path))])
    .where("repository_id", "=", name.repositoryId)
    .execute();
}

/**
 * The names at a location that contain a text, each once: those first that have the least after it, in the order of what follows.
 *
 * @param within of this project only, where it is given
 * @param text at least one character
 */
export async function findNames(
  read: Reader,
  location: string,
  within: string | undefined,
  text: string,
  after: NameCursor | undefined,
  limit: number,
): Promise<FoundName[]> {
  const found: FoundName[] = [];
  for (let cursor = after; ; ) {
    const rows = await indexPage(read, location, within, text.slice(0, endCharactersMax), cursor, limit);
    for (const { project, image, projectId, end, repositoryId, position } of rows) {
      const path = `${project.replace(":", "/")}/${image}`;
      // A name may contain the text twice; it is found where it does so first.
      if (path.indexOf(text) === position) found.push({ path, projectId, end, repositoryId, position });
      if (found.length === limit) return found;
    }
    cursor = rows.at(-1);
    if (rows.length < limit) return found;
  }
}

async function indexPage(
  read: Reader,
  location: string,
  projectId: string | undefined,
  text: string,
  after: NameCursor | undefined,
  limit: number,
) {
  const all = read
    .selectFrom("name_ends as n")
    .innerJoin("repositories as r", "r.id", "n.repository_id")
    .innerJoin("projects as p", "p.id", "n.project_id")
    .select(["p.name as project", "r.name as image", "n.name_end as end"])
    .select(["n.repository_id as repositoryId", "n.project_id as projectId", "n.position"])
    .where("n.location", "=", location)
    .where("n.name_end", ">=", text)
    // No name has a character that comes after "~".
    .where("n.name_end", "<", `${text}~`)
    .where("p.deleted_at", "is", null);
  const some = projectId === undefined ? all : all.where("n.project_id", "=", projectId);
  const later = after
    ? some.where((row) =>
        row(
          row.refTuple("n.name_end", "n.repository_id", "n.position"),
          ">",
          row.tuple(after.end, after.repositoryId, after.position),
        ),
      )
    : some;
  return await later.orderBy("n.name_end").orderBy("n.repository_id").orderBy("n.position").limit(limit).execute();
}

function endsOf(path: string): string[] {
  return Array.from({ length: path.length }, (_, position) => path.slice(position, position + endCharactersMax));
}
