import { expect, test } from "bun:test";
import pg from "pg";
import { raisePolicyVersion, readPolicyVersion } from "../../../../src/storage/metadata/installation.ts";
import { findProject, insertProject } from "../../../../src/storage/metadata/projects.ts";
import type { Suite } from "../databases.ts";
import { addProject, projectRow } from "../fixtures.ts";

/** Connections that end while they are needed; a file has none. */
export function connections(suite: Suite): void {
  if (suite.kind === "sqlite") return;

  /** Ends every connection to this database, as a restart of PostgreSQL does. */
  async function endOthers(): Promise<number> {
    const client = new pg.Client({ connectionString: suite.place.address });
    await client.connect();
    const ended = await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    await client.end();
    return ended.rows.length;
  }

  test("connections that the server ended while idle are replaced", async () => {
    const project = await addProject(suite.metadata);
    await Promise.all(Array.from({ length: 8 }, () => findProject(suite.metadata.read, project.name)));
    expect(await endOthers()).toBeGreaterThan(0);
    await Bun.sleep(50);
    for (let round = 0; round < 20; round++) {
      expect(await findProject(suite.metadata.read, project.name)).toEqual(project);
      expect(await suite.metadata.hot.projectId(project.name)).toBe(project.id);
    }
    await addProject(suite.metadata);
  });

  test("a connection that ends in the middle of a change fails that change, which leaves nothing", async () => {
    const project = projectRow();
    const failed = suite.metadata.write(async (write) => {
      await insertProject(write, project);
      await endOthers();
      await Bun.sleep(20);
      await insertProject(write, projectRow());
    });
    await expect(failed).rejects.toThrow();
    expect(await findProject(suite.metadata.read, project.name)).toBeUndefined();
    await addProject(suite.metadata);
  });

  test("three nodes that write the same row a hundred times each get in each other's way and lose nothing", async () => {
    const nodes = await Promise.all([suite.place.open(), suite.place.open(), suite.place.open()]);
    const before = await readPolicyVersion(suite.metadata.read);
    await Promise.all(nodes.flatMap((node) => Array.from({ length: 100 }, () => node.write(raisePolicyVersion))));
    expect(await readPolicyVersion(suite.metadata.read)).toBe(before + 300);
    await Promise.all(nodes.map((node) => node.close()));
  }, 60_000);
}
