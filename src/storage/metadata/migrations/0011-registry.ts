import { type Kysely, type RawBuilder, sql } from "kysely";
import type { MigrationContext } from "../migrate.ts";
import { insertNameEnds } from "../name-ends.ts";
import type { Schema, Writer } from "../schema.ts";

const repositoriesPerPage = 1000;

/** An index for searching, and the end of what deleted projects left. */
export async function up(db: Kysely<unknown>, { dialect }: MigrationContext): Promise<void> {
  const text: RawBuilder<unknown> = dialect === "postgres" ? sql`text collate "C"` : sql`text`;
  const clustered: RawBuilder<unknown> = dialect === "postgres" ? sql`` : sql`without rowid`;
  await db.schema
    .createTable("name_ends")
    .addColumn("project_id", text, (c) => c.notNull())
    .addColumn("location", text, (c) => c.notNull())
    .addColumn("name_end", text, (c) => c.notNull())
    .addColumn("repository_id", text, (c) => c.notNull())
    .addColumn("position", "integer", (c) => c.notNull())
    .addPrimaryKeyConstraint("name_ends_key", ["project_id", "location", "name_end", "repository_id", "position"])
    .modifyEnd(clustered)
    .execute();
  await db.schema
    .createIndex("name_ends_everywhere")
    .on("name_ends")
    .columns(["location", "name_end", "repository_id", "position"])
    .execute();
  await indexNames(db as Kysely<Schema> as unknown as Writer);
  await sql`insert into reviews (kind, repository_id, digest, since, leased_until)
            select 'project', id, '', deleted_at, 0 from projects where deleted_at is not null`.execute(db);
}

async function indexNames(db: Writer): Promise<void> {
  for (let after = ""; ; ) {
    const page = await db
      .selectFrom("repositories as r")
      .innerJoin("projects as p", "p.id", "r.project_id")
      .select([
        "r.id as repositoryId",
        "r.location",
        "r.project_id as projectId",
        "r.name as image",
        "p.name as project",
      ])
      .where("r.id", ">", after)
      .orderBy("r.id")
      .limit(repositoriesPerPage)
      .execute();
    for (const { project, image, ...ids } of page) {
      await insertNameEnds(db, { ...ids, path: `${project.replace(":", "/")}/${image}` });
    }
    after = page.at(-1)?.repositoryId ?? "";
    if (page.length < repositoriesPerPage) return;
  }
}

/** Names are indexed anew on the way forward, and deleted projects are reviewed again. */
export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`delete from reviews where kind = 'project'`.execute(db);
  await db.schema.dropTable("name_ends").execute();
}
